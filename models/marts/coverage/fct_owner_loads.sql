{#- How many accounts of a segment each account manager looks after, and since when (S4-02). -#}
with

held as (

    select
        stretches.employee_id,
        stretches.team_id,
        teams.team_kind,
        stretches.segment,
        stretches.valid_from,
        stretches.valid_to
    from {{ ref('int_coverage_stretches') }} as stretches
    left join {{ ref('stg_hr__teams') }} as teams
        on stretches.team_id = teams.team_id
    where
        stretches.employee_id is not null
        and stretches.segment is not null

),

holdings as (

    select
        employee_id,
        team_id,
        team_kind,
        segment,
        min(valid_from) as held_from
    from held
    group by employee_id, team_id, team_kind, segment

),

changes as (

    select
        employee_id,
        team_id,
        team_kind,
        segment,
        valid_from as turns_on,
        1 as account_change
    from held
    union all
    select
        employee_id,
        team_id,
        team_kind,
        segment,
        valid_to as turns_on,
        -1 as account_change
    from held
    where valid_to is not null
    -- What the policy asks may turn, too.
    union all
    select
        holdings.employee_id,
        holdings.team_id,
        holdings.team_kind,
        holdings.segment,
        loads.valid_from as turns_on,
        0 as account_change
    from holdings
    inner join {{ ref('policy_owner_loads') }} as loads
        on
            holdings.team_kind = loads.team_kind
            and holdings.segment = loads.segment
            and holdings.held_from < loads.valid_from

),

turns as (

    select
        employee_id,
        team_id,
        team_kind,
        segment,
        turns_on,
        sum(account_change) as account_change
    from changes
    group by employee_id, team_id, team_kind, segment, turns_on

),

counted as (

    select
        employee_id,
        team_id,
        team_kind,
        segment,
        turns_on as valid_from,
        sum(account_change) over (
            partition by employee_id, team_id, segment
            order by turns_on
            rows between unbounded preceding and current row
        ) as account_count,
        lead(turns_on) over (partition by employee_id, team_id, segment order by turns_on) as valid_to
    from turns

),

final as (

    select
        counted.employee_id,
        counted.team_id,
        counted.segment,
        cast(counted.account_count as integer) as account_count,
        loads.account_minimum,
        loads.account_maximum,
        case
            when counted.account_count < loads.account_minimum then 'under'
            when counted.account_count > loads.account_maximum then 'over'
            else 'within'
        end as load_status,
        counted.valid_from,
        counted.valid_to
    from counted
    left join {{ ref('policy_owner_loads') }} as loads
        on
            counted.team_kind = loads.team_kind
            and counted.segment = loads.segment
            and {{ holds_on('loads', 'counted.valid_from') }}
    where counted.account_count > 0

)

select * from final
