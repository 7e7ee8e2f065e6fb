{{ config(
    materialized='compared',
    holds_from='period_month',
) }}

{#-
    Commission withheld while a gate of the plan is shut, and paid in the month that opens it (RULES 5).
    It goes by the month of the sale: a refund of a sale whose commission was withheld takes nothing.
-#}
with

states as (

    select
        employee_id,
        plan_id,
        credited_month,
        accumulation_start,
        period_month,
        min(case when is_open then 1 else 0 end) as is_open
    from {{ ref('int_gate_states') }}
    group by employee_id, plan_id, credited_month, accumulation_start, period_month

),

withheld as (

    select
        months.employee_id,
        months.plan_id,
        months.credited_month,
        months.accumulation_start,
        months.period_month,
        case when states.is_open = 0 then months.commission_amount else 0 end as withheld_amount
    from {{ ref('int_gated_months') }} as months
    left join states
        on
            months.employee_id = states.employee_id
            and months.plan_id = states.plan_id
            and months.credited_month = states.credited_month
            and months.accumulation_start = states.accumulation_start
            and months.period_month = states.period_month

),

turns as (

    select
        *,
        {{ fall_of('withheld_amount', 'employee_id, plan_id, credited_month, accumulation_start') }}
            as commission_amount
    from withheld

),

final as (

    select
        'gated' as line_kind,
        employee_id,
        plan_id,
        cast(sum(commission_amount) as decimal(18, 4)) as commission_amount,
        period_month,
        credited_month
    from turns
    group by employee_id, plan_id, period_month, credited_month

)

select * from final
where commission_amount <> 0
