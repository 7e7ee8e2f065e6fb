{{ config(materialized='by_month') }}

{#-
    The score of a payee's own items: their weighted factors; or, where the plan says so, the curve
    of the weighted attainment (S0-05), which is taken to 8 places before it meets a threshold.
-#}
with

totals as (

    select
        employee_id,
        plan_id,
        period_month,
        period_kind,
        max(curve_applies_to) as curve_applies_to,
        sum(weight) as own_weight,
        sum(weighted_factor) as weighted_sum,
        cast(round(sum(weighted_factor), 8) as decimal(20, 8)) as attained,
        sum(case when exception_reason is not null then 1 else 0 end) as exception_count
    from {{ ref('int_item_factors') }}
    where {{ in_months('period_month') }}
    group by employee_id, plan_id, period_month, period_kind

),

ruled as (

    select
        totals.*,
        rules.total_curve_id,
        {{ exact_quotient('totals.attained', 'totals.own_weight', 10) }} as attainment
    from totals
    inner join {{ ref('int_payee_months') }} as payees
        on
            totals.employee_id = payees.employee_id
            and totals.period_month = payees.period_month
    inner join {{ ref('policy_score_rules') }} as rules
        on
            totals.plan_id = rules.plan_id
            and totals.period_kind = rules.period_kind
            and {{ holds_on('rules', 'payees.last_day') }}

),

curved as (

    select
        ruled.*,
        curves.c0,
        curves.c1,
        curves.c2,
        curves.cap
    from ruled
    left join {{ ref('policy_payout_curves') }} as curves
        on
            ruled.total_curve_id = curves.curve_id
            and ruled.curve_applies_to = 'total'
            and ruled.attained >= curves.attainment_from * ruled.own_weight
            and (
                curves.attainment_to is null
                or ruled.attained < curves.attainment_to * ruled.own_weight
            )

),

final as (

    select
        curved.employee_id,
        curved.plan_id,
        curved.period_kind,
        curved.curve_applies_to,
        cast(curved.own_weight as decimal(9, 6)) as own_weight,
        cast(
            case when curved.curve_applies_to = 'total' then curved.attainment end as decimal(14, 10)
        ) as total_attainment,
        cast(
            case
                when curved.curve_applies_to = 'total'
                    then curved.own_weight * cast({{ curve_value('curved') }} as decimal(20, 10))
                else curved.weighted_sum
            end as decimal(14, 10)
        ) as own_score,
        cast(curved.exception_count as integer) as exception_count,
        curved.period_month
    from curved

)

select * from final
