{{ config(materialized='by_month') }}

{#- Deals that came into the system only when they were as good as won, several by one owner (S2-07). -#}
with

sudden as (

    select
        opportunities.opportunity_id,
        opportunities.owner_id,
        opportunities.amount,
        opportunities.currency,
        opportunities.created_date,
        opportunities.closed_date,
        opportunities.period_month,
        thresholds.hidden_pipeline_minimum_deals as minimum_deals,
        count(*) over (partition by opportunities.owner_id, opportunities.period_month) as deal_count
    from {{ ref('fct_opportunities') }} as opportunities
    cross join {{ ref('stg_policy__check_thresholds') }} as thresholds
    where
        opportunities.outcome = 'won'
        and opportunities.owner_id is not null
        and {{ days_between('opportunities.created_date', 'opportunities.closed_date') }}
        <= thresholds.hidden_pipeline_days_to_win
        and {{ in_months('opportunities.period_month') }}

),

final as (

    select
        opportunity_id,
        owner_id,
        amount,
        currency,
        deal_count,
        created_date,
        closed_date,
        period_month
    from sudden
    where deal_count >= minimum_deals

)

select * from final
