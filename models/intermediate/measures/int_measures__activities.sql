{{ config(materialized='by_month') }}

{#- Activities counted by kind, and calls over the days worked (S2-01). -#}
{%- set measures = {
    'visit': 'visits',
    'call': 'calls',
    'email': 'emails',
    'demo': 'demos',
    'competitor_note': 'competitor_notes',
} -%}

with

activities as (

    select
        employee_id,
        period_month,
        case activity_type
            {% for kind, measure in measures.items() -%}
            when '{{ kind }}' then '{{ measure }}'
            {% endfor %}
        end as measure
    from {{ ref('fct_activities') }}
    where
        employee_id is not null
        and {{ in_months('period_month') }}

),

counted as (

    select
        employee_id,
        measure,
        period_month,
        count(*) as activity_count
    from activities
    where measure is not null
    group by employee_id, measure, period_month

),

recontactable as (

    select
        employee_id,
        period_month,
        count(distinct account_id) as customer_count
    from {{ ref('fct_activities') }}
    where
        is_recontactable
        and employee_id is not null
        and {{ in_months('period_month') }}
    group by employee_id, period_month

),

-- A month without a call counts its days: else a quarter would be too good.
calls_by_day as (

    select
        days.employee_id,
        days.period_month,
        days.working_days,
        coalesce(calls.activity_count, 0) as call_count
    from {{ ref('int_working_days') }} as days
    inner join {{ ref('int_payee_months') }} as payees
        on
            days.employee_id = payees.employee_id
            and days.period_month = payees.period_month
            and payees.plan_id is not null
    left join counted as calls
        on
            days.employee_id = calls.employee_id
            and days.period_month = calls.period_month
            and calls.measure = 'calls'
    where {{ in_months('days.period_month') }}

),

final as (

    select
        employee_id,
        measure,
        cast(activity_count as decimal(18, 4)) as numerator,
        cast(null as decimal(18, 4)) as denominator,
        period_month
    from counted
    union all
    {{ measure_of('recontactable_customers', 'customer_count') }}
    from recontactable
    union all
    {{ measure_of('calls_per_working_day', 'call_count', 'working_days') }}
    from calls_by_day
    where working_days > 0 or call_count > 0

)

select * from final
