{{ config(
    materialized='by_month',
    is_light=true,
) }}

with

jobs as (

    -- A job ends with the employment, whatever its own row says.
    select
        jobs.*,
        least(jobs.valid_to, employees.leave_date) as ends_on
    from {{ ref('int_jobs') }} as jobs
    left join {{ ref('stg_hr__employees') }} as employees
        on jobs.employee_id = employees.employee_id

),

sliced as (

    select
        jobs.*,
        periods.period_month,
        periods.day_count,
        greatest(jobs.valid_from, periods.period_month) as slice_from,
        least(coalesce(jobs.ends_on, periods.next_month), periods.next_month) as slice_to
    from jobs
    inner join {{ ref('dim_periods') }} as periods
        on
            jobs.valid_from < periods.next_month
            and (jobs.ends_on is null or jobs.ends_on > periods.period_month)
    where jobs.ends_on is null or jobs.ends_on > jobs.valid_from

),

final as (

    select
        employee_id,
        role,
        grade,
        team_id,
        manager_id,
        region,
        currency,
        monthly_base_salary,
        -- The calendar days of the slice over those of the month.
        cast(
            {{ exact_quotient(
                wide('monthly_base_salary') ~ ' * ' ~ days_between('slice_from', 'slice_to'),
                'day_count',
                4
            ) }} as decimal(18, 4)
        ) as base_salary,
        {{ days_between('slice_from', 'slice_to') }} as day_count,
        period_month,
        slice_from,
        slice_to
    from sliced

)

select * from final
