{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#- Expenses claimed (cost control, S0-04), and what sales and new customers cost (S1-02). -#}
with

-- What was spent, sold and won, side by side: each may be there without the others.
entries as (

    select
        employee_id,
        period_month,
        case when cost_type = 'expense' then amount end as expenses,
        case when cost_type <> 'expense' then amount end as account_costs,
        case when cost_type = 'acquisition' then amount end as acquisition_costs,
        cast(null as decimal(18, 4)) as booked_amount,
        cast(null as decimal(18, 4)) as new_customers
    from {{ ref('int_employee_costs') }}
    where {{ in_months('period_month') }}
    union all
    select
        employee_id,
        period_month,
        null as expenses,
        null as account_costs,
        null as acquisition_costs,
        numerator as booked_amount,
        null as new_customers
    from {{ ref('int_measures__sales') }}
    where
        measure = 'booked_sales'
        and {{ in_months('period_month') }}
    union all
    select
        employee_id,
        period_month,
        null as expenses,
        null as account_costs,
        null as acquisition_costs,
        null as booked_amount,
        numerator as new_customers
    from {{ ref('int_measures__customers') }}
    where
        measure = 'new_customers'
        and {{ in_months('period_month') }}

),

summed as (

    select
        employee_id,
        period_month,
        sum(expenses) as expenses,
        sum(account_costs) as account_costs,
        sum(acquisition_costs) as acquisition_costs,
        sum(booked_amount) as booked_amount,
        sum(new_customers) as new_customers
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
