{{ config(
    materialized='by_month',
    reach={'int_monthly_sales': 'accumulation'},
) }}

{#-
    Each signed credit with the quota of its accumulation period and the sales accumulated before and
    after it, in the order of event date, then transaction (S0-07). A refund gives quota relief: the
    sum falls.
-#}
with

placed as (

    select *
    from {{ ref('int_commissionable_credits') }}
    where
        signed_amount is not null
        and {{ in_months('period_month') }}

),

-- What the months before those that are built have added to the same accumulation periods.
opening as (

    select
        employee_id,
        plan_id,
        accumulation_start,
        sum(signed_amount) as amount
    from {{ ref('int_monthly_sales') }}
    where period_month < {{ window_start() }}
    group by employee_id, plan_id, accumulation_start

),

accumulated as (

    select
        placed.*,
        quotas.quota_amount,
        coalesce(opening.amount, 0) + sum(placed.signed_amount) over (
            partition by placed.employee_id, placed.plan_id, placed.accumulation_start
            order by placed.transaction_date, placed.transaction_id, placed.assignment_role
            rows between unbounded preceding and current row
        ) as accumulated_after
    from placed
    left join opening
        on
            placed.employee_id = opening.employee_id
            and placed.plan_id = opening.plan_id
            and placed.accumulation_start = opening.accumulation_start
    left join {{ ref('int_period_quotas') }} as quotas
        on
            placed.employee_id = quotas.employee_id
            and placed.currency = quotas.currency
            and placed.period_month = quotas.period_month
            and placed.accumulation_start = quotas.accumulation_start
            and coalesce(placed.accumulation_end, placed.accumulation_start) = quotas.accumulation_end

),

final as (

    select
        transaction_id,
        employee_id,
        assignment_role,
        reverses_transaction_id,
        plan_id,
        tier_mode,
        bound_kind,
        bound_side,
        contract_type,
        product_maturity,
        product_class,
        customer_class,
        quota_amount,
        signed_amount,
        cast(accumulated_after - signed_amount as decimal(18, 4)) as accumulated_before,
        cast(accumulated_after as decimal(18, 4)) as accumulated_after,
        period_month,
        credited_month,
        transaction_date,
        accumulation_start
    from accumulated

)

select * from final
