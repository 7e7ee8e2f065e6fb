{{ config(materialized='ephemeral') }}

{#- Bonuses for a quota window that is over and whose sales reached its quota. -#}
select
    quotas.employee_id,
    bonuses.bonus_id,
    bonuses.plan_id,
    bonuses.earned_when,
    cast(quotas.valid_from as {{ dbt.type_string() }}) as subject_id,
    bonuses.currency,
    bonuses.amount,
    quotas.period_month
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
    and {{ in_months('quotas.period_month') }}
