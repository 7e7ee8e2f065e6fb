{{ config(materialized='when_changed') }}

{#- Stretches of coverage, cut where the load of whoever holds the account turns good or bad (S4-02). -#}
with

-- Loads that follow each other and say the same are one.
load_turns as (

    select
        *,
        lag(load_status) over (
            partition by employee_id, team_id, segment
            order by valid_from
        ) as former_status,
        lag(valid_to) over (partition by employee_id, team_id, segment order by valid_from)
            as former_to
    from {{ ref('fct_owner_loads') }}

),

load_stretches as (

    select
        *,
        sum(case when load_status = former_status and former_to = valid_from then 0 else 1 end) over (
            partition by employee_id, team_id, segment
            order by valid_from
            rows between unbounded preceding and current row
        ) as stretch_number
    from load_turns

),

loads as (

    select
        employee_id,
        team_id,
        segment,
        load_status,
        min(valid_from) as valid_from,
        nullif(max(coalesce(valid_to, cast('9999-12-31' as date))), cast('9999-12-31' as date))
            as valid_to
    from load_stretches
    group by employee_id, team_id, segment, load_status, stretch_number

),

sliced as (

    select
        stretches.account_id,
        stretches.segment,
        stretches.employee_id,
        stretches.team_id,
        teams.team_kind,
        stretches.holder_count,
        stretches.coverage_rule_id,
        stretches.policy_team_id,
        policy_teams.team_kind as policy_team_kind,
        stretches.policy_team_count,
        ancestors.team_id as team_of_policy,
        loads.load_status,
        greatest(stretches.valid_from, loads.valid_from) as valid_from,
        least(stretches.valid_to, loads.valid_to) as valid_to
    from {{ ref('int_coverage_stretches') }} as stretches
    left join loads
        on
            stretches.employee_id = loads.employee_id
            and stretches.team_id = loads.team_id
            and stretches.segment = loads.segment
            and {{ overlap('stretches', 'loads') }}
    left join {{ ref('stg_hr__teams') }} as teams
        on stretches.team_id = teams.team_id
    left join {{ ref('stg_hr__teams') }} as policy_teams
        on stretches.policy_team_id = policy_teams.team_id
    left join {{ ref('int_team_ancestors') }} as ancestors
        on
            stretches.team_id = ancestors.team_id
            and stretches.policy_team_id = ancestors.ancestor_team_id

),

final as (

    select
        account_id,
        segment,
        employee_id,
        team_id,
        team_kind,
        holder_count,
        coverage_rule_id,
        policy_team_id,
        policy_team_kind,
        policy_team_count,
        case
            when employee_id is null then 'orphan'
            when holder_count > 1 then 'conflict'
            when policy_team_id is null then 'no_policy_team'
            -- A team below the one named is part of it.
            when team_of_policy is not null then 'as_policy'
            when team_kind = 'region' and policy_team_kind <> 'region' then 'run_by_region_team'
            else 'other_team'
        end as coverage_status,
        load_status,
        valid_from,
        valid_to
    from sliced

)

select * from final
