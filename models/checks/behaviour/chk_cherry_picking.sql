{#- Experts who support few deals, and much larger ones than their colleagues (S0-09). -#}
with

quarters as (

    select
        deals.employee_id,
        sum(deals.deal_count) as deal_count,
        sum(deals.deal_amount) as deal_amount,
        periods.quarter_start
    from {{ ref('int_supported_deals') }} as deals
    inner join {{ ref('dim_periods') }} as periods
        on deals.period_month = periods.period_month
    group by deals.employee_id, periods.quarter_start

),

-- The colleagues are everyone else: a large deal of one's own is no measure for it.
compared as (

    select
        quarters.*,
        sum(quarters.deal_count) over (partition by quarters.quarter_start)
        - quarters.deal_count as other_deal_count,
        sum(quarters.deal_amount) over (partition by quarters.quarter_start)
        - quarters.deal_amount as other_deal_amount,
        count(*) over (partition by quarters.quarter_start) - 1 as other_count
    from quarters

),

final as (

    select
        compared.employee_id,
        compared.deal_count,
        compared.deal_amount,
        compared.other_deal_count,
        compared.other_deal_amount,
        compared.quarter_start
    from compared
    cross join {{ ref('stg_policy__check_thresholds') }} as thresholds
    where
        compared.deal_count >= thresholds.cherry_picking_minimum_deals
        and compared.deal_count * compared.other_count < compared.other_deal_count
        and compared.deal_amount * compared.other_deal_count
        >= thresholds.cherry_picking_amount_ratio
        * compared.other_deal_amount * compared.deal_count

)

select * from final
