{{ config(materialized='when_changed') }}

{#-
    Every account from the day it was there, day by day in one stretch, cut wherever who holds it, its
    segment or the team that the policy would give it to turns. Nothing before the first known month.
-#}
with

known as (

    select min(period_month) as first_month
    from {{ ref('dim_periods') }}

),

accounts as (

    select
        accounts.account_id,
        greatest(accounts.created_date, known.first_month) as known_from
    from {{ ref('stg_crm__accounts') }} as accounts
    cross join known

),

holders as (

    select *
    from {{ ref('int_account_holders') }}
    where assignment_role = 'account_manager'

),

turning_days as (

    select
        account_id,
        valid_from as turns_on
    from holders
    union
    select
        account_id,
        valid_to as turns_on
    from holders
    where valid_to is not null
    union
    select
        account_id,
        valid_from as turns_on
    from {{ ref('int_account_segments') }}
    union
    select
        account_id,
        valid_from as turns_on
    from {{ ref('int_account_policy_teams') }}
    union
    select
        account_id,
        known_from as turns_on
    from accounts

),

stretches as (

    select
        turning_days.account_id,
        turning_days.turns_on as valid_from,
        lead(turning_days.turns_on) over (
            partition by turning_days.account_id
            order by turning_days.turns_on
        ) as valid_to
    from turning_days
    inner join accounts
        on
            turning_days.account_id = accounts.account_id
            and turning_days.turns_on >= accounts.known_from

),

final as (

    select
        stretches.account_id,
        segments.segment,
        holders.employee_id,
        coalesce(holders.team_id, jobs.team_id) as team_id,
        coalesce(holders.holder_count, 0) as holder_count,
        policy_teams.coverage_rule_id,
        policy_teams.team_id as policy_team_id,
        coalesce(policy_teams.team_count, 0) as policy_team_count,
        stretches.valid_from,
        stretches.valid_to
    from stretches
    left join holders
        on
            stretches.account_id = holders.account_id
            and {{ holds_on('holders', 'stretches.valid_from') }}
    left join {{ ref('int_jobs') }} as jobs
        on
            holders.employee_id = jobs.employee_id
            and {{ holds_on('jobs', 'stretches.valid_from') }}
    left join {{ ref('int_account_segments') }} as segments
        on
            stretches.account_id = segments.account_id
            and {{ holds_on('segments', 'stretches.valid_from') }}
    left join {{ ref('int_account_policy_teams') }} as policy_teams
        on
            stretches.account_id = policy_teams.account_id
            and {{ holds_on('policy_teams', 'stretches.valid_from') }}

)

select * from final
