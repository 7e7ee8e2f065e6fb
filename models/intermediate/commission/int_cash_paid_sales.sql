{{ config(materialized='ephemeral') }}

{#- The sales whose commission is paid as cash comes in, with the contract whose cash that is (S0-02). -#}
with

sales as (

    select distinct
        employee_id,
        plan_id,
        credited_as,
        assignment_role,
        credited_on,
        accumulation_start
    from {{ ref('int_cash_paid_parts') }}

),

final as (

    select
        sales.*,
        origins.contract_id
    from sales
    inner join {{ ref('fct_transactions') }} as origins
        on sales.credited_as = origins.transaction_id
    where origins.contract_id is not null

)

select * from final
