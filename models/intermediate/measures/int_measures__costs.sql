{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#- Expenses claimed (cost control, S0-04), and what sales and new customers cost (S1-02). -#}
with

-- What was spent, sold and won: each may be there without the others.
entries as (

    select
        employee_id,
        period_month,
        cost_type as entry_kind,
        amount
    from {{ ref('int_employee_costs') }}
    where {{ in_months('period_month') }}
    union all
    select
        employee_id,
        period_month,
        measure as entry_kind,
        numerator as amount
    from {{ ref('int_measures__sales') }}
    where
        measure = 'booked_sales'
        and {{ in_months('period_month') }}
    union all
    select
        employee_id,
        period_month,
        measure as entry_kind,
        numerator as amount
    from {{ ref('int_measures__customers') }}
    where
        measure = 'new_customers'
        and {{ in_months('period_month') }}

),

summed as (

    select
        employee_id,
        period_month,
        sum(case when entry_kind = 'expense' then amount end) as expenses,
        sum(case when entry_kind in ('acquisition', 'retention', 'service') then amount end)
            as account_costs,
        sum(case when entry_kind = 'acquisition' then amount end) as acquisition_costs,
        sum(case when entry_kind = 'booked_sales' then amount end) as booked_amount,
        sum(case when entry_kind = 'new_customers' then amount end) as new_customers
    from entries
    group by employee_id, period_month

),

final as (

    {{ measure_of('cost_control', 'expenses') }}
    from summed
    where expenses is not null
    union all
    {{ measure_of('cost_of_sales', 'coalesce(account_costs, 0)', 'coalesce(booked_amount, 0)') }}
    from summed
    where account_costs is not null or booked_amount is not null
    union all
    {{ measure_of(
        'profit_contribution',
        'coalesce(booked_amount, 0) - coalesce(account_costs, 0) - coalesce(expenses, 0)'
    ) }}
    from summed
    where booked_amount is not null or account_costs is not null
    union all
    {{ measure_of('new_customer_cost', 'coalesce(acquisition_costs, 0)', 'coalesce(new_customers, 0)') }}
    from summed
    where acquisition_costs is not null or new_customers is not null

)

select * from final
