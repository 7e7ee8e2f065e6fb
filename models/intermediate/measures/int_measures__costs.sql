{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#- Expenses claimed (cost control, S0-04), in the company's currency. -#}
with

settings as (

    select company_currency
    from {{ ref('stg_policy__settings') }}

),

converted as (

    select
        expenses.employee_id,
        {{ month_of('expenses.incurred_on') }} as period_month,
        {{ in_company_currency('expenses', 'rates', 'settings') }} as amount
    from {{ ref('stg_hr__expenses') }} as expenses
    cross join settings
    left join {{ ref('int_exchange_rates') }} as rates
        on
            expenses.currency = rates.currency
            and {{ holds_on('rates', 'expenses.incurred_on') }}

),

final as (

    select
        employee_id,
        'cost_control' as measure,
        cast(sum(amount) as decimal(18, 4)) as numerator,
        cast(null as decimal(18, 4)) as denominator,
        period_month
    from converted
    where amount is not null
    group by employee_id, period_month

)

select * from final
