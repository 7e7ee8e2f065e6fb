{{ config(materialized='by_month') }}

{#- Won deals of which more than a plan's share of the list price was given away (RULES 7). -#}
select
    opportunities.opportunity_id,
    opportunities.owner_id,
    opportunities.currency,
    opportunities.amount,
    opportunities.list_amount,
    opportunities.period_month
from {{ ref('fct_opportunities') }} as opportunities
cross join {{ ref('stg_policy__check_thresholds') }} as thresholds
where
    opportunities.outcome = 'won'
    and opportunities.list_amount > 0
    and opportunities.list_amount - opportunities.amount
    >= thresholds.discounting_discount_share * opportunities.list_amount
    and {{ in_months('opportunities.period_month') }}
