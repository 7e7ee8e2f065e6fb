{{ config(materialized='view') }}

{#- As int_measures__activities counts them; the days worked stand beside the calls. -#}
{%- set measures = {
    'visits': "activity_type = 'visit'",
    'calls': "activity_type = 'call'",
    'emails': "activity_type = 'email'",
    'demos': "activity_type = 'demo'",
    'competitor_notes': "activity_type = 'competitor_note'",
} -%}

with

activities as (

    select
        employee_id,
        'crm.activities' as landing_table,
        activity_id as row_key,
        cast(null as date) as row_day,
        account_id,
        activity_type,
        is_recontactable,
        period_month
    from {{ ref('fct_activities') }}
    where employee_id is not null

),

-- A customer counts once: by the first of its activities.
recontactable as (

    select
        employee_id,
        landing_table,
        row_key,
        row_day,
        period_month,
        row_number() over (
            partition by employee_id, period_month, account_id
            order by row_key
        ) = 1 as is_first
    from activities
    where
        is_recontactable
        and account_id is not null

),

working_days as (

    select
        days.employee_id,
        'hr.job_history' as landing_table,
        days.employee_id as row_key,
        cast(null as date) as row_day,
        days.period_month,
        days.working_days
    from {{ ref('int_working_days') }} as days
    inner join {{ ref('int_payee_months') }} as payees
        on
            days.employee_id = payees.employee_id
            and days.period_month = payees.period_month
            and payees.plan_id is not null

),

calls_by_day as (

    select activities.*
    from activities
    inner join working_days
        on
            activities.employee_id = working_days.employee_id
            and activities.period_month = working_days.period_month
    where activities.activity_type = 'call'

),

final as (

    {% for measure, condition in measures.items() -%}
    {{ measure_row(measure, 1) }}
    from activities
    where {{ condition }}
    union all
    {% endfor -%}
    {{ measure_row('recontactable_customers', 'case when is_first then 1 else 0 end') }}
    from recontactable
    union all
    {{ measure_row('calls_per_working_day', 1, 0) }}
    from calls_by_day
    union all
    {{ measure_row('calls_per_working_day', 0, 'working_days') }}
    from working_days
    where working_days > 0

)

select * from final
