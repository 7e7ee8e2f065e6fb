{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#- What each payee spent: expenses claimed, and costs charged to accounts, in the company's currency. -#}
with

settings as (

    select company_currency
    from {{ ref('stg_policy__settings') }}

),

spent as (

    select
        employee_id,
        'expense' as cost_type,
        incurred_on,
        currency,
        amount
    from {{ ref('stg_hr__expenses') }}
    where employee_id is not null
    union all
    select
        employee_id,
        cost_type,
        incurred_on,
        currency,
        amount
    from {{ ref('stg_billing__account_costs') }}
    where employee_id is not null

),

converted as (

    select
        spent.employee_id,
        spent.cost_type,
        {{ month_of('spent.incurred_on') }} as period_month,
        {{ in_company_currency('spent', 'rates', 'settings') }} as amount
    from spent
    cross join settings
    left join {{ ref('int_exchange_rates') }} as rates
        on
            spent.currency = rates.currency
            and {{ holds_on('rates', 'spent.incurred_on') }}
    where {{ in_months('spent.incurred_on') }}

),

final as (

    select
        employee_id,
        cost_type,
        sum(amount) as amount,
        period_month
    from converted
    where amount is not null
    group by employee_id, cost_type, period_month

)

select * from final
