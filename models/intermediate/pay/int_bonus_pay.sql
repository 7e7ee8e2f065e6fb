{{ config(materialized='ephemeral') }}

{#- Bonuses by the month in which they were earned. -#}
select
    quotas.employee_id,
    bonuses.currency,
    quotas.period_month,
    bonuses.amount
from {{ ref('fct_quota_attainment') }} as quotas
inner join {{ ref('int_payee_months') }} as payees
    on
        quotas.employee_id = payees.employee_id
        and quotas.period_month = payees.period_month
inner join {{ ref('policy_bonuses') }} as bonuses
    on
        payees.plan_id = bonuses.plan_id
        and {{ holds_on('bonuses', 'payees.last_day') }}
where
    bonuses.earned_when = 'quota_window_reached'
    and quotas.is_over
    and quotas.is_reached
