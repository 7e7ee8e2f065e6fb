{#- The currency that a commission plan reckons in: its sales, quotas, tiers, caps and commission. -#}
select distinct
    plans.plan_id,
    coalesce(plans.currency, settings.company_currency) as currency
from {{ ref('policy_commission_plans') }} as plans
cross join {{ ref('stg_policy__settings') }} as settings
