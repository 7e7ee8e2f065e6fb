{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#- What each payee spent: expenses claimed, and costs charged to accounts, in the company's currency. -#}
with

final as (

    select
        employee_id,
        cost_type,
        sum(amount) as amount,
        period_month
    from {{ ref('int_employee_cost_rows') }}
    where
        amount is not null
        and {{ in_months('incurred_on') }}
    group by employee_id, cost_type, period_month

)

select * from final
