{#- Accounts that nobody holds, and when (S4-03). -#}
select
    account_id,
    segment,
    policy_team_id,
    currency,
    revenue_amount,
    valid_from,
    valid_to
from {{ ref('fct_account_coverage') }}
where coverage_status = 'orphan'
