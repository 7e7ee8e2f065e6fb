{{ config(materialized='ephemeral') }}

{#-
    Refunds and cancellations dealt out over the parts that the original earned in, by largest
    remainder, ties to the lowest tier, so that the parts are the amount (RULES 0).
-#}
with

reversals as (

    select *
    from {{ ref('int_accumulated_sales') }}
    where
        signed_amount < 0
        and {{ in_months('period_month') }}

),

shares as (

    select
        reversals.*,
        earned.tier_from,
        earned.rate as earned_rate,
        earned.is_floating as is_earned_floating,
        earned.accumulation_start as earned_in,
        earned.transaction_date as earned_on,
        earned.exception_reason,
        earned.product_class as earned_product_class,
        earned.customer_class as earned_customer_class,
        earned.rate_class as earned_rate_class,
        {{ whole_share('-reversals.signed_amount', 'earned.amount', 'earned.credit_amount') }}
            as whole_units,
        {{ whole_remainder('-reversals.signed_amount', 'earned.amount', 'earned.credit_amount') }}
            as remainder
    from reversals
    inner join {{ ref('int_earned_parts') }} as earned
        on
            reversals.reverses_transaction_id = earned.transaction_id
            and reversals.employee_id = earned.employee_id
            and reversals.assignment_role = earned.assignment_role
            and reversals.credited_month = earned.period_month

),

ranked as (

    select
        *,
        row_number() over (
            partition by transaction_id, employee_id, assignment_role
            order by remainder desc, tier_from asc, is_earned_floating asc
        ) as remainder_rank,
        sum(whole_units) over (
            partition by transaction_id, employee_id, assignment_role
        ) as dealt_units
    from shares

),

final as (

    select
        *,
        whole_units
        + case
            when remainder_rank <= {{ scaled_integer('-signed_amount', 4) }} - dealt_units then 1
            else 0
        end as units
    from ranked

)

select * from final
