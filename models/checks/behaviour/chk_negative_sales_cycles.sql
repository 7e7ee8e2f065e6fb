{{ config(materialized='by_month') }}

{#- Deals that were closed before their first follow-up: no number for an average (S2-02). -#}
select
    opportunity_id,
    owner_id,
    outcome,
    sales_cycle_days,
    period_month,
    first_follow_up_date,
    closed_date
from {{ ref('fct_opportunities') }}
where
    sales_cycle_days < 0
    and {{ in_months('period_month') }}
