{{ config(
    materialized='compared',
    holds_from='valid_from',
) }}

{#- Who leads the delivery of a contract, and since when; only where a credit rule asks. -#}
with

started as (

    select
        contract_id,
        employee_id,
        started_on,
        row_number() over (
            partition by contract_id, started_on
            order by delivery_id desc
        ) as delivery_rank
    from {{ ref('stg_crm__deliveries') }}
    where
        contract_id is not null
        and employee_id is not null
        and started_on is not null

),

final as (

    select
        contract_id,
        employee_id,
        started_on as valid_from,
        lead(started_on) over (partition by contract_id order by started_on) as valid_to
    from started
    where
        delivery_rank = 1
        and exists (
            select 1
            from {{ ref('policy_credit_rules') }} as rules
            where rules.assignment_role = 'delivery_lead'
        )

)

select * from final
