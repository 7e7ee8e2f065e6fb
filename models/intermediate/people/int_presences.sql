{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#-
    The stretches of a month for which targets are due (S1-05): in a job, and not on a leave that
    lowers targets. A stretch ends where the role or the team changes.
-#}
with

jobs as (

    select *
    from {{ ref('int_job_months') }}
    where {{ in_months('period_month') }}

),

-- Two absences on one day are one day.
absent_days as (

    select
        jobs.employee_id,
        jobs.slice_from,
        days.calendar_day,
        count(*) as absence_count
    from jobs
    inner join {{ ref('stg_hr__absences') }} as absences
        on
            jobs.employee_id = absences.employee_id
            and jobs.slice_to > absences.valid_from
            and jobs.slice_from < coalesce(absences.valid_to, jobs.slice_to)
    inner join {{ ref('policy_absence_types') }} as absence_types
        on
            absences.absence_type = absence_types.absence_type
            and absence_types.lowers_target
    inner join {{ ref('int_days') }} as days
        on
            jobs.period_month = days.period_month
            and jobs.slice_from <= days.calendar_day
            and jobs.slice_to > days.calendar_day
            and {{ holds_on('absences', 'days.calendar_day') }}
    group by jobs.employee_id, jobs.slice_from, days.calendar_day

),

disturbed as (

    select
        employee_id,
        slice_from
    from absent_days
    group by employee_id, slice_from

),

-- Days present beside days absent; an unbroken run of them keeps its distance to their count.
present_days as (

    select
        jobs.employee_id,
        jobs.slice_from,
        days.calendar_day,
        {{ days_between('jobs.slice_from', 'days.calendar_day') }} - row_number() over (
            partition by jobs.employee_id, jobs.slice_from
            order by days.calendar_day
        ) as run
    from jobs
    inner join disturbed
        on
            jobs.employee_id = disturbed.employee_id
            and jobs.slice_from = disturbed.slice_from
    inner join {{ ref('int_days') }} as days
        on
            jobs.period_month = days.period_month
            and jobs.slice_from <= days.calendar_day
            and jobs.slice_to > days.calendar_day
    left join absent_days
        on
            jobs.employee_id = absent_days.employee_id
            and jobs.slice_from = absent_days.slice_from
            and days.calendar_day = absent_days.calendar_day
    where absent_days.absence_count is null

),

runs as (

    select
        employee_id,
        slice_from,
        min(calendar_day) as stretch_from,
        {{ add_days('max(calendar_day)', 1) }} as stretch_to
    from present_days
    group by employee_id, slice_from, run

),

final as (

    select
        jobs.employee_id,
        jobs.role,
        jobs.team_id,
        jobs.period_month,
        coalesce(runs.stretch_from, jobs.slice_from) as stretch_from,
        coalesce(runs.stretch_to, jobs.slice_to) as stretch_to
    from jobs
    left join disturbed
        on
            jobs.employee_id = disturbed.employee_id
            and jobs.slice_from = disturbed.slice_from
    left join runs
        on
            jobs.employee_id = runs.employee_id
            and jobs.slice_from = runs.slice_from
    -- Absent throughout: nothing is left of the slice.
    where disturbed.slice_from is null or runs.stretch_from is not null

)

select * from final
