{{ config(materialized='by_month') }}

{#-
    Every score item of every payee and period. A month is scored for whoever worked in it, a quarter
    for whoever was there in its last month.
-#}
with

payee_periods as (

    select
        payees.employee_id,
        payees.plan_id,
        payees.role,
        payees.team_id,
        payees.last_day,
        periods.period_month,
        'month' as period_kind,
        periods.period_month as period_start
    from {{ ref('int_payee_months') }} as payees
    inner join {{ ref('dim_periods') }} as periods
        on payees.period_month = periods.period_month
    where {{ in_months('payees.period_month') }}
    union all
    select
        payees.employee_id,
        payees.plan_id,
        payees.role,
        payees.team_id,
        payees.last_day,
        periods.period_month,
        'quarter' as period_kind,
        periods.quarter_start as period_start
    from {{ ref('int_payee_months') }} as payees
    inner join {{ ref('dim_periods') }} as periods
        on
            payees.period_month = periods.period_month
            and periods.is_quarter_end
    where {{ in_months('payees.period_month') }}

),

final as (

    select
        payee_periods.employee_id,
        payee_periods.plan_id,
        payee_periods.role,
        payee_periods.team_id,
        payee_periods.period_kind,
        items.item_group,
        items.measure,
        items.curve_id,
        measures.unit,
        measures.has_denominator,
        measures.direction,
        items.weight,
        items.factor_when_nothing_due,
        payee_periods.period_month,
        payee_periods.period_start,
        payee_periods.last_day
    from payee_periods
    inner join {{ ref('policy_score_items') }} as items
        on
            payee_periods.plan_id = items.plan_id
            and payee_periods.period_kind = items.period_kind
            and {{ holds_on('items', 'payee_periods.last_day') }}
    inner join {{ ref('policy_measures') }} as measures
        on items.measure = measures.measure

)

select * from final
