{{ config(materialized='ephemeral') }}

{#- Expenses claimed, and costs charged to accounts, each in the company's currency. -#}
with

settings as (

    select company_currency
    from {{ ref('stg_policy__settings') }}

),

spent as (

    select
        employee_id,
        'expense' as cost_type,
        expense_id as row_key,
        incurred_on,
        currency,
        amount
    from {{ ref('stg_hr__expenses') }}
    where employee_id is not null
    union all
    select
        employee_id,
        cost_type,
        cost_id as row_key,
        incurred_on,
        currency,
        amount
    from {{ ref('stg_billing__account_costs') }}
    where employee_id is not null

),

final as (

    select
        spent.employee_id,
        spent.cost_type,
        spent.row_key,
        spent.incurred_on,
        {{ month_of('spent.incurred_on') }} as period_month,
        {{ in_company_currency('spent', 'rates', 'settings') }} as amount
    from spent
    cross join settings
    left join {{ ref('int_exchange_rates') }} as rates
        on
            spent.currency = rates.currency
            and {{ holds_on('rates', 'spent.incurred_on') }}

)

select * from final
