{{ config(
    materialized='compared',
    holds_from='valid_from',
) }}

{#-
    Whom a credit of a payee rolls up to, by rule: the managers of the payee's team and of the teams
    above it, and the one that team reports to by a dotted line (S4-10), each as long as both were
    in those jobs; of managers only those on the plan that the rule names.
-#}
with

rules as (

    select *
    from {{ ref('policy_credit_rules') }}
    where assignment_role in ('team_manager', 'dotted_line_manager')

),

jobs as (

    select
        jobs.employee_id,
        jobs.role,
        jobs.team_id,
        jobs.valid_from,
        least(jobs.valid_to, employees.leave_date) as valid_to
    from {{ ref('int_jobs') }} as jobs
    left join {{ ref('stg_hr__employees') }} as employees
        on jobs.employee_id = employees.employee_id

),

heads as (

    select
        payees.employee_id,
        'team_manager' as assignment_role,
        managers.employee_id as head_id,
        managers.team_id,
        greatest(payees.valid_from, managers.valid_from) as valid_from,
        least(payees.valid_to, managers.valid_to) as valid_to
    from jobs as payees
    inner join {{ ref('int_team_ancestors') }} as ancestors
        on payees.team_id = ancestors.team_id
    inner join jobs as managers
        on
            ancestors.ancestor_team_id = managers.team_id
            and managers.role = 'team_manager'
    where payees.employee_id <> managers.employee_id
    union all
    select
        payees.employee_id,
        'dotted_line_manager' as assignment_role,
        teams.dotted_line_manager_id as head_id,
        payees.team_id,
        payees.valid_from,
        payees.valid_to
    from jobs as payees
    inner join {{ ref('stg_hr__teams') }} as teams
        on payees.team_id = teams.team_id
    where teams.dotted_line_manager_id <> payees.employee_id

),

stretches as (

    select
        heads.employee_id,
        rules.credit_rule_id,
        heads.head_id,
        heads.team_id,
        heads.valid_from,
        heads.valid_to
    from heads
    inner join rules
        on heads.assignment_role = rules.assignment_role
    where rules.plan_id is null
    union all
    select
        heads.employee_id,
        rules.credit_rule_id,
        heads.head_id,
        heads.team_id,
        greatest(heads.valid_from, plans.valid_from) as valid_from,
        least(heads.valid_to, plans.valid_to) as valid_to
    from heads
    inner join rules
        on heads.assignment_role = rules.assignment_role
    inner join {{ ref('int_plan_stretches') }} as plans
        on
            heads.head_id = plans.employee_id
            and rules.plan_id = plans.plan_id

),

final as (

    select
        employee_id,
        credit_rule_id,
        head_id,
        team_id,
        valid_from,
        valid_to
    from stretches
    where valid_to is null or valid_to > valid_from

)

select * from final
