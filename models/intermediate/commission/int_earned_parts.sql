{{ config(materialized='by_month') }}

{#-
    Every earning credit cut at the tier bounds it crosses (S0-07), where tiers are marginal, or as the
    tier reached says. A credit with no quota or no rate is one part that pays nothing.
-#}
with

sales as (

    select
        *,
        case
            when bound_kind = 'share_of_quota' and coalesce(quota_amount, 0) <= 0 then 'no quota'
        end as quota_exception
    from {{ ref('int_accumulated_sales') }}
    where
        signed_amount > 0
        and {{ in_months('period_month') }}

),

matched as (

    select
        sales.*,
        tiers.rate_class,
        tiers.tier_from,
        tiers.rate,
        -- The lowest tier reaches below 0, where refunds can take the sum.
        case
            when tiers.tier_from = 0 then least(sales.accumulated_before, 0)
            else {{ tier_bound('tiers.tier_from', 'sales') }}
        end as lower_bound,
        case
            when tiers.tier_to is null then sales.accumulated_after
            else {{ tier_bound('tiers.tier_to', 'sales') }}
        end as upper_bound
    from sales
    left join {{ ref('int_commission_tiers') }} as tiers
        on
            sales.plan_id = tiers.plan_id
            and coalesce(sales.contract_type, 'none') = tiers.contract_type
            and coalesce(sales.product_maturity, 'none') = tiers.product_maturity
            and sales.product_class = tiers.product_class
            and sales.customer_class = tiers.customer_class
            and {{ holds_on('tiers', 'sales.transaction_date') }}

),

parts as (

    select
        *,
        case
            when quota_exception is not null or rate is null then null
            else least(accumulated_after, upper_bound) - greatest(accumulated_before, lower_bound)
        end as part_amount,
        coalesce(quota_exception, case when rate is null then 'no rate' end) as exception_reason
    from matched
    -- Without a quota no tier is crossed: the lowest stands for all.
    where
        quota_exception is null and (tier_mode = 'marginal' or rate is null)
        or quota_exception is not null and coalesce(tier_from, 0) = 0

),

final as (

    select
        transaction_id,
        employee_id,
        assignment_role,
        plan_id,
        product_class,
        customer_class,
        rate_class,
        exception_reason,
        quota_amount,
        signed_amount as credit_amount,
        accumulated_before,
        case when exception_reason is null then tier_from else 0 end as tier_from,
        cast(
            case when exception_reason is null then part_amount else signed_amount end
            as decimal(18, 4)
        ) as amount,
        cast(case when exception_reason is null then rate else 0 end as decimal(9, 6)) as rate,
        false as is_floating,
        period_month,
        transaction_date,
        accumulation_start
    from parts
    where exception_reason is not null or part_amount > 0
    union all
    select *
    from {{ ref('int_floating_parts') }}

)

select * from final
