{{ config(materialized='ephemeral') }}

{#-
    Earning credits of plans that pay by the tier reached (S0-07). Retroactive: the tier reached
    applies to all of a sale. Reached tier on the excess: what lies below the first bound is paid by
    the lowest tier, and all above it by the tier reached. What is paid by the tier reached floats:
    here it is what had been reached at the end of the month; later months true it up.
-#}
with

sales as (

    select *
    from {{ ref('int_accumulated_sales') }}
    where
        signed_amount > 0
        and tier_mode <> 'marginal'
        and {{ in_months('period_month') }}

),

rated as (

    select
        sales.*,
        lowest.rate_class,
        lowest.rate as lowest_rate,
        turns.closing_tier,
        turns.closing_rate,
        case
            when sales.tier_mode = 'retroactive' then 0
            when lowest.tier_to is null then sales.signed_amount
            else greatest(
                least(sales.accumulated_after, {{ tier_bound('lowest.tier_to', 'sales') }})
                - sales.accumulated_before,
                0
            )
        end as fixed_amount
    from sales
    inner join {{ ref('int_commission_tiers') }} as lowest
        on
            sales.plan_id = lowest.plan_id
            and coalesce(sales.contract_type, 'none') = lowest.contract_type
            and coalesce(sales.product_maturity, 'none') = lowest.product_maturity
            and sales.product_class = lowest.product_class
            and sales.customer_class = lowest.customer_class
            and lowest.tier_from = 0
            and {{ holds_on('lowest', 'sales.transaction_date') }}
    inner join {{ ref('int_tier_turns') }} as turns
        on
            sales.employee_id = turns.employee_id
            and sales.plan_id = turns.plan_id
            and lowest.rate_class = turns.rate_class
            and sales.period_month = turns.period_month
            and sales.accumulation_start = turns.accumulation_start
            and lowest.valid_from = turns.valid_from

),

parts as (

    select
        *,
        cast(0 as decimal(18, 4)) as tier_from,
        fixed_amount as amount,
        lowest_rate as rate,
        false as is_floating
    from rated
    where fixed_amount > 0
    union all
    select
        *,
        closing_tier as tier_from,
        signed_amount - fixed_amount as amount,
        closing_rate as rate,
        true as is_floating
    from rated
    where fixed_amount < signed_amount

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
        cast(null as {{ dbt.type_string() }}) as exception_reason,
        quota_amount,
        signed_amount as credit_amount,
        accumulated_before,
        tier_from,
        cast(amount as decimal(18, 4)) as amount,
        cast(rate as decimal(9, 6)) as rate,
        is_floating,
        period_month,
        transaction_date,
        accumulation_start
    from parts

)

select * from final
