{{ config(
    materialized='by_month',
    reach={'int_earned_parts': 'reversals'},
) }}

{#-
    Refunds and cancellations dealt out over the parts that the original earned in, by largest
    remainder, ties to the lowest tier: each goes back at the rate it earned (S0-07, RULES 0).
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
        earned.rate,
        earned.exception_reason,
        earned.product_class as earned_product_class,
        earned.customer_class as earned_customer_class,
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
            order by remainder desc, tier_from asc
        ) as remainder_rank,
        sum(whole_units) over (
            partition by transaction_id, employee_id, assignment_role
        ) as dealt_units
    from shares

),

dealt as (

    select
        *,
        whole_units
        + case
            when remainder_rank <= {{ scaled_integer('-signed_amount', 4) }} - dealt_units then 1
            else 0
        end as units
    from ranked

),

final as (

    select
        transaction_id,
        employee_id,
        assignment_role,
        reverses_transaction_id,
        plan_id,
        earned_product_class as product_class,
        earned_customer_class as customer_class,
        exception_reason,
        cap_period,
        cap_amount,
        quota_amount,
        accumulated_before,
        tier_from,
        {{ from_units('-units') }} as amount,
        rate,
        period_month,
        transaction_date
    from dealt

)

select * from final
