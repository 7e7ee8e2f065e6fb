{{ config(materialized='by_month') }}

{#-
    Every score item of every payee and period. A month is scored for whoever worked in it, a quarter
    for whoever was there in its last month.
-#}
with

payees as (

    select
        payees.*,
        segments.segment
    from {{ ref('int_payee_months') }} as payees
    left join {{ ref('int_payee_segments') }} as segments
        on
            payees.employee_id = segments.employee_id
            and payees.period_month = segments.period_month
    where {{ in_months('payees.period_month') }}

),

payee_periods as (

    select
        payees.*,
        'month' as period_kind,
        periods.period_month as period_start
    from payees
    inner join {{ ref('dim_periods') }} as periods
        on payees.period_month = periods.period_month
    union all
    select
        payees.*,
        'quarter' as period_kind,
        periods.quarter_start as period_start
    from payees
    inner join {{ ref('dim_periods') }} as periods
        on
            payees.period_month = periods.period_month
            and periods.is_quarter_end

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
        items.scope,
        items.curve_id,
        rules.curve_applies_to,
        rules.target_days,
        measures.unit,
        measures.has_denominator,
        measures.direction,
        items.weight,
        items.factor_when_nothing_due,
        rules.attainment_cap,
        payee_periods.period_month,
        payee_periods.period_start,
        payee_periods.last_day
    from payee_periods
    inner join {{ ref('policy_score_items') }} as items
        on
            payee_periods.plan_id = items.plan_id
            and payee_periods.period_kind = items.period_kind
            and {{ holds_on('items', 'payee_periods.last_day') }}
            and coalesce(items.segment, payee_periods.segment, '')
            = coalesce(payee_periods.segment, '')
    inner join {{ ref('policy_score_rules') }} as rules
        on
            items.plan_id = rules.plan_id
            and items.period_kind = rules.period_kind
            and {{ holds_on('rules', 'payee_periods.last_day') }}
    inner join {{ ref('policy_measures') }} as measures
        on items.measure = measures.measure

)

select * from final
