{#-
    Accounts that another team looks after than the policy says, or that it gives to nobody (S4-11).
    A company without coverage rules has none.
-#}
with

rules as (

    select count(*) as rule_count
    from {{ ref('policy_coverage_rules') }}

)

select
    coverage.account_id,
    coverage.segment,
    coverage.employee_id,
    coverage.team_id,
    coverage.policy_team_id,
    coverage.currency,
    coverage.revenue_amount,
    coverage.valid_from,
    coverage.valid_to
from {{ ref('fct_account_coverage') }} as coverage
cross join rules
where
    coverage.coverage_status in ('other_team', 'no_policy_team')
    and rules.rule_count > 0
