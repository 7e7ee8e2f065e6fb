{{ config(materialized='view') }}

{#- As int_measures__costs adds them up. -#}
with

-- What was spent, sold and won: each may be there without the others.
entries as (

    select
        employee_id,
        cost_type as entry_kind,
        case cost_type when 'expense' then 'hr.expenses' else 'billing.account_costs' end
            as landing_table,
        row_key,
        amount,
        cast(null as date) as row_day,
        period_month
    from {{ ref('int_employee_cost_rows') }}
    where
        cost_type in ('expense', 'acquisition', 'retention', 'service')
        and amount is not null
    union all
    select
        employee_id,
        measure as entry_kind,
        landing_table,
        row_key,
        numerator as amount,
        row_day,
        period_month
    from {{ ref('int_measure_rows__sales') }}
    where measure in ('booked_sales', 'new_customers')

),

-- Expenses alone make no profit.
accounted as (

    select
        *,
        max(case when entry_kind in ('expense', 'new_customers') then 0 else 1 end) over (
            partition by employee_id, period_month
        ) as has_accounts
    from entries

),

parts as (

    select
        *,
        'cost_control' as measure,
        amount as numerator,
        null as denominator
    from accounted
    where entry_kind = 'expense'
    union all
    select
        *,
        'cost_of_sales' as measure,
        case when entry_kind = 'booked_sales' then 0 else amount end as numerator,
        case when entry_kind = 'booked_sales' then amount else 0 end as denominator
    from accounted
    where entry_kind not in ('expense', 'new_customers')
    union all
    select
        *,
        'profit_contribution' as measure,
        case when entry_kind = 'booked_sales' then amount else -amount end as numerator,
        null as denominator
    from accounted
    where
        has_accounts = 1
        and entry_kind <> 'new_customers'
    union all
    select
        *,
        'new_customer_cost' as measure,
        case when entry_kind = 'acquisition' then amount else 0 end as numerator,
        case when entry_kind = 'acquisition' then 0 else amount end as denominator
    from accounted
    where entry_kind in ('acquisition', 'new_customers')

),

final as (

    select
        employee_id,
        measure,
        landing_table,
        row_key,
        cast(numerator as decimal(18, 4)) as numerator,
        cast(denominator as decimal(18, 4)) as denominator,
        row_day,
        period_month
    from parts

)

select * from final
