{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#- The working days of each payee's month: employed, and not absent. -#}
with

worked as (

    select
        jobs.employee_id,
        jobs.period_month,
        sum(
            last_days.working_days_through - first_days.working_days_through
            + case when first_days.is_working_day then 1 else 0 end
        ) as working_days
    from {{ ref('int_job_months') }} as jobs
    inner join {{ ref('int_days') }} as first_days
        on jobs.slice_from = first_days.calendar_day
    inner join {{ ref('int_days') }} as last_days
        on {{ add_days('jobs.slice_to', -1) }} = last_days.calendar_day
    where {{ in_months('jobs.period_month') }}
    group by jobs.employee_id, jobs.period_month

),

-- Two absences on one day are one day.
absent as (

    select
        jobs.employee_id,
        jobs.period_month,
        count(distinct days.calendar_day) as absent_days
    from {{ ref('int_job_months') }} as jobs
    inner join {{ ref('stg_hr__absences') }} as absences
        on
            jobs.employee_id = absences.employee_id
            and jobs.slice_to > absences.valid_from
            and (absences.valid_to is null or jobs.slice_from < absences.valid_to)
    inner join {{ ref('int_days') }} as days
        on
            jobs.period_month = days.period_month
            and jobs.slice_from <= days.calendar_day
            and jobs.slice_to > days.calendar_day
            and absences.valid_from <= days.calendar_day
            and (absences.valid_to is null or absences.valid_to > days.calendar_day)
    where
        days.is_working_day
        and {{ in_months('jobs.period_month') }}
    group by jobs.employee_id, jobs.period_month

),

final as (

    select
        worked.employee_id,
        cast(worked.working_days - coalesce(absent.absent_days, 0) as integer) as working_days,
        worked.period_month
    from worked
    left join absent
        on
            worked.employee_id = absent.employee_id
            and worked.period_month = absent.period_month

)

select * from final
