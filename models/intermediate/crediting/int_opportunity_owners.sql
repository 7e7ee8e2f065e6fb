{{ config(
    materialized='by_month',
) }}

{#- Only where a credit rule asks for deals' owners; by the month the deal was created in. -#}
select
    opportunity_id,
    owner_id,
    period_month
from {{ ref('fct_opportunities') }}
where
    owner_id is not null
    and {{ in_months('period_month') }}
    and exists (
        select 1
        from {{ ref('policy_credit_rules') }} as rules
        where rules.assignment_role = 'opportunity_owner'
    )
