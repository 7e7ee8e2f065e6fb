{{ config(
    materialized='compared',
    holds_from='period_month',
) }}

{#-
    What the cap of a single sale cuts, and gives back when a refund makes room (S0-07): month after
    month the running total of a sale's commission above the cap.
-#}
with

caps as (

    select *
    from {{ ref('policy_commission_caps') }}
    where cap_period = 'sale'

),

months as (

    select
        parts.employee_id,
        parts.plan_id,
        parts.credited_as,
        parts.assignment_role,
        caps.cap_amount,
        sum(parts.commission_amount) as commission_amount,
        parts.period_month,
        parts.credited_on,
        parts.accumulation_start
    from {{ ref('int_commission_parts') }} as parts
    inner join caps
        on
            parts.plan_id = caps.plan_id
            and {{ holds_on('caps', 'parts.credited_on') }}
    group by
        parts.employee_id, parts.plan_id, parts.credited_as, parts.assignment_role, caps.cap_amount,
        parts.period_month, parts.credited_on, parts.accumulation_start

),

running as (

    select
        *,
        greatest(
            sum(commission_amount) over (
                partition by employee_id, plan_id, credited_as, assignment_role
                order by period_month
                rows between unbounded preceding and current row
            ) - cap_amount,
            0
        ) as cut_total
    from months

),

final as (

    select
        'capped' as line_kind,
        employee_id,
        plan_id,
        credited_as,
        assignment_role,
        cast(
            {{ fall_of('cut_total', 'employee_id, plan_id, credited_as, assignment_role') }}
            as decimal(18, 4)
        ) as commission_amount,
        period_month,
        credited_on,
        accumulation_start
    from running

)

select * from final
where commission_amount <> 0
