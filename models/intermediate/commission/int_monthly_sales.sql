{{ config(materialized='by_month') }}

{#- What a month adds to an accumulation period: with it, a month is counted on from the last one. -#}
select
    employee_id,
    plan_id,
    cast(sum(signed_amount) as decimal(18, 4)) as signed_amount,
    period_month,
    accumulation_start
from {{ ref('int_commissionable_credits') }}
where
    signed_amount is not null
    and {{ in_months('period_month') }}
group by employee_id, plan_id, period_month, accumulation_start
