{{ config(
    materialized='by_month',
    reach={'int_earned_parts': 'reversals', 'int_tier_turns': 'everything'},
) }}

{#-
    Refunds and cancellations by the parts that the original earned in: each goes back at the rate it
    earned (S0-07), which for a part that floats is that of the tier last reached in its period.
-#}
with

dealt as (

    select *
    from {{ ref('int_dealt_reversals') }}

),

-- The tiers reached in the period of the sale up to this month, the last of them first.
reached as (

    select
        dealt.transaction_id,
        dealt.employee_id,
        dealt.assignment_role,
        turns.closing_tier,
        turns.closing_rate,
        row_number() over (
            partition by dealt.transaction_id, dealt.employee_id, dealt.assignment_role
            order by turns.period_month desc
        ) as turn_rank
    from dealt
    inner join {{ ref('int_tier_turns') }} as turns
        on
            dealt.employee_id = turns.employee_id
            and dealt.plan_id = turns.plan_id
            and dealt.earned_rate_class = turns.rate_class
            and dealt.earned_in = turns.accumulation_start
            and dealt.period_month >= turns.period_month
            and {{ holds_on('turns', 'dealt.earned_on') }}
    where dealt.is_earned_floating

),

final as (

    select
        dealt.transaction_id,
        dealt.employee_id,
        dealt.assignment_role,
        dealt.reverses_transaction_id,
        dealt.plan_id,
        dealt.earned_product_class as product_class,
        dealt.earned_customer_class as customer_class,
        dealt.earned_rate_class as rate_class,
        dealt.exception_reason,
        dealt.quota_amount,
        dealt.accumulated_before,
        coalesce(reached.closing_tier, dealt.tier_from) as tier_from,
        {{ from_units('-dealt.units') }} as amount,
        coalesce(reached.closing_rate, dealt.earned_rate) as rate,
        -- A part of a former period is settled; one of this period goes on floating.
        dealt.is_earned_floating and dealt.earned_in = dealt.accumulation_start as is_floating,
        dealt.is_earned_floating,
        dealt.period_month,
        dealt.transaction_date,
        dealt.accumulation_start,
        dealt.earned_in,
        dealt.earned_on
    from dealt
    left join reached
        on
            case when dealt.is_earned_floating then dealt.transaction_id end = reached.transaction_id
            and dealt.employee_id = reached.employee_id
            and dealt.assignment_role = reached.assignment_role
            and reached.turn_rank = 1

)

select * from final
