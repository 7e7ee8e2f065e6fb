{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#- Everyone with a job in a month, as the last slice of the month has it. -#}
with

slices as (

    select
        *,
        row_number() over (
            partition by employee_id, period_month
            order by slice_from desc
        ) as slice_rank,
        sum(day_count) over (partition by employee_id, period_month) as employed_days
    from {{ ref('int_job_months') }}

),

last_slices as (

    select
        *,
        {{ add_days('slice_to', -1) }} as last_day
    from slices
    where slice_rank = 1

),

assigned as (

    select
        last_slices.*,
        coalesce(assignments.plan_id, plans.plan_id) as plan_id
    from last_slices
    left join {{ ref('stg_hr__plan_assignments') }} as assignments
        on
            last_slices.employee_id = assignments.employee_id
            and {{ holds_on('assignments', 'last_slices.last_day') }}
    left join {{ ref('policy_plans') }} as plans
        on
            last_slices.role = plans.role
            and plans.is_role_default
            and {{ holds_on('plans', 'last_slices.last_day') }}

),

final as (

    select
        assigned.employee_id,
        assigned.role,
        assigned.grade,
        assigned.team_id,
        assigned.manager_id,
        assigned.region,
        assigned.plan_id,
        assigned.currency,
        cast(assigned.employed_days as integer) as employed_days,
        assigned.employed_days = periods.day_count as is_employed_throughout,
        assigned.period_month,
        assigned.last_day,
        spells.valid_from as hired_on
    from assigned
    inner join {{ ref('dim_periods') }} as periods
        on assigned.period_month = periods.period_month
    left join {{ ref('int_employment_spells') }} as spells
        on
            assigned.employee_id = spells.employee_id
            and {{ holds_on('spells', 'assigned.last_day') }}

)

select * from final
