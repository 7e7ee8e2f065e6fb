{#- Accounts that the policy gives to a team of their own, and a region's team runs (S4-03). -#}
select
    account_id,
    segment,
    employee_id,
    team_id,
    policy_team_id,
    currency,
    revenue_amount,
    valid_from,
    valid_to
from {{ ref('fct_account_coverage') }}
where coverage_status = 'run_by_region_team'
