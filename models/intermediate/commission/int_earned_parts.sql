{#-
    Every earning credit cut at the tier bounds it crosses: marginal tiers, a sale exactly at a bound
    begins the upper tier (S0-07). A credit with no quota or no rate is one part that pays nothing.
-#}
with

sales as (

    select
        *,
        coalesce(bound_kind = 'share_of_quota' and coalesce(quota_amount, 0) <= 0, false)
            as is_without_quota
    from {{ ref('int_accumulated_sales') }}
    where signed_amount > 0

),

matched as (

    select
        sales.*,
        tiers.tier_from,
        tiers.rate,
        -- The lowest tier reaches below 0, where refunds can take the sum.
        case
            when tiers.tier_from = 0 then least(sales.accumulated_before, 0)
            when sales.bound_kind = 'amount' then tiers.tier_from
            else round({{ wide('tiers.tier_from') }} * sales.quota_amount, 4)
        end as lower_bound,
        case
            when tiers.tier_to is null then sales.accumulated_after
            when sales.bound_kind = 'amount' then tiers.tier_to
            else round({{ wide('tiers.tier_to') }} * sales.quota_amount, 4)
        end as upper_bound,
        dense_rank() over (
            partition by sales.transaction_id, sales.employee_id, sales.assignment_role
            order by tiers.particularity desc
        ) as class_rank
    from sales
    inner join {{ ref('int_commission_tiers') }} as tiers
        on
            sales.plan_id = tiers.plan_id
            and tiers.product_class in (sales.product_class, 'any')
            and tiers.customer_class in (sales.customer_class, 'any')
            and {{ holds_on('tiers', 'sales.transaction_date') }}
    where not sales.is_without_quota

),

parts as (

    select
        transaction_id,
        employee_id,
        assignment_role,
        tier_from,
        rate,
        least(accumulated_after, upper_bound) - greatest(accumulated_before, lower_bound) as amount
    from matched
    where
        class_rank = 1
        and least(accumulated_after, upper_bound) > greatest(accumulated_before, lower_bound)

),

final as (

    select
        sales.transaction_id,
        sales.employee_id,
        sales.assignment_role,
        sales.plan_id,
        sales.product_class,
        sales.customer_class,
        case
            when sales.is_without_quota then 'no quota'
            when parts.rate is null then 'no rate'
        end as exception_reason,
        sales.cap_period,
        sales.cap_amount,
        sales.quota_amount,
        sales.signed_amount as credit_amount,
        sales.accumulated_before,
        coalesce(parts.tier_from, 0) as tier_from,
        cast(coalesce(parts.amount, sales.signed_amount) as decimal(18, 4)) as amount,
        cast(coalesce(parts.rate, 0) as decimal(9, 6)) as rate,
        sales.period_month,
        sales.transaction_date
    from sales
    left join parts
        on
            sales.transaction_id = parts.transaction_id
            and sales.employee_id = parts.employee_id
            and sales.assignment_role = parts.assignment_role

)

select * from final
