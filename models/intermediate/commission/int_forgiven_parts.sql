{{ config(materialized='by_month') }}

{#-
    What a payee keeps of a commission that a refund or a cancellation takes back (RULES 5): all of it
    after the plan's months of recovery, else what is over the share that the plan recovers.
-#}
with

taken_back as (

    select
        transaction_id,
        employee_id,
        assignment_role,
        reverses_transaction_id,
        plan_id,
        product_class,
        customer_class,
        rate_class,
        tier_from,
        is_earned_floating as is_floating,
        {{ commission_of('amount', 'rate') }} as commission_amount,
        period_month,
        transaction_date,
        earned_on as credited_on,
        earned_in as accumulation_start
    from {{ ref('int_reversed_parts') }}
    where {{ in_months('period_month') }}
    union all
    select
        transaction_id,
        employee_id,
        assignment_role,
        reverses_transaction_id,
        plan_id,
        product_class,
        customer_class,
        rate_class,
        tier_from,
        true as is_floating,
        commission_amount,
        period_month,
        transaction_date,
        rated_on as credited_on,
        accumulation_start
    from {{ ref('int_trued_up_parts') }}
    where
        reverses_transaction_id is not null
        and {{ in_months('period_month') }}

),

final as (

    select
        taken_back.transaction_id,
        taken_back.employee_id,
        taken_back.assignment_role,
        taken_back.reverses_transaction_id,
        taken_back.plan_id,
        taken_back.product_class,
        taken_back.customer_class,
        taken_back.rate_class,
        taken_back.tier_from,
        taken_back.is_floating,
        case
            when
                taken_back.transaction_date
                >= {{ add_months('taken_back.credited_on', 'recoveries.recovery_months') }}
                then -taken_back.commission_amount
            else {{ commission_of('-taken_back.commission_amount', '(1 - recoveries.recovery_share)') }}
        end as commission_amount,
        taken_back.period_month,
        taken_back.transaction_date,
        taken_back.credited_on,
        taken_back.accumulation_start
    from taken_back
    inner join {{ ref('policy_refund_recoveries') }} as recoveries
        on
            taken_back.plan_id = recoveries.plan_id
            and {{ holds_on('recoveries', 'taken_back.transaction_date') }}

)

select * from final
where commission_amount <> 0
