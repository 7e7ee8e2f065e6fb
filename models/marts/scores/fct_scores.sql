{{ config(materialized='by_month') }}

with

parts as (

    select
        employee_id,
        plan_id,
        period_month,
        period_kind,
        own_score as part,
        total_attainment,
        exception_count
    from {{ ref('int_own_scores') }}
    where {{ in_months('period_month') }}
    union all
    select
        employee_id,
        plan_id,
        period_month,
        period_kind,
        weighted_factor as part,
        null as total_attainment,
        case when exception_reason is null then 0 else 1 end as exception_count
    from {{ ref('fct_score_items') }}
    where
        item_group = 'upstream'
        and {{ in_months('period_month') }}

),

totals as (

    select
        employee_id,
        plan_id,
        period_month,
        period_kind,
        sum(part) as score,
        max(total_attainment) as total_attainment,
        sum(exception_count) as exception_count
    from parts
    group by employee_id, plan_id, period_month, period_kind

),

-- The month of hire and the calendar months after it, as many as the plan protects (S0-14).
protected as (

    select
        totals.*,
        payees.role,
        payees.team_id,
        payees.region,
        payees.grade,
        payees.is_employed_throughout,
        protection.floor_factor,
        coalesce(
            totals.period_month < {{ add_months(
                month_of('payees.hired_on'), 'protection.protected_months'
            ) }},
            false
        ) as is_protected
    from totals
    inner join {{ ref('int_payee_months') }} as payees
        on
            totals.employee_id = payees.employee_id
            and totals.period_month = payees.period_month
    left join {{ ref('policy_protection') }} as protection
        on
            totals.plan_id = protection.plan_id
            and {{ holds_on('protection', 'payees.last_day') }}

),

final as (

    select
        employee_id,
        plan_id,
        period_kind,
        role,
        grade,
        team_id,
        region,
        cast(total_attainment as decimal(14, 10)) as total_attainment,
        cast(score as decimal(14, 10)) as score,
        -- The floor is on the monthly total, not on an item (S0-14).
        cast(
            case
                when is_protected and period_kind = 'month'
                    then greatest(score, coalesce(floor_factor, 0))
                else score
            end as decimal(14, 10)
        ) as performance_factor,
        cast(exception_count as integer) as exception_count,
        is_protected,
        is_employed_throughout,
        period_month
    from protected

)

select * from final
