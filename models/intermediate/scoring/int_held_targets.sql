{{ config(
    materialized='by_month',
    reach={'int_presences': 'quarter'},
) }}

{#-
    Every target that holds for a payee, for the role and team of each day of the period on which a
    target is due from the payee (S1-05).
-#}
with

items as (

    select *
    from {{ ref('int_payee_score_items') }}
    where {{ in_months('period_month') }}

),

-- A quarter begins two months before its last.
present as (

    select
        items.employee_id,
        items.period_month,
        items.period_kind,
        items.measure,
        items.scope,
        items.target_days,
        presences.role,
        presences.team_id,
        presences.stretch_from,
        presences.stretch_to
    from items
    inner join {{ ref('int_presences') }} as presences
        on
            items.employee_id = presences.employee_id
            and items.period_start <= presences.period_month
            and items.period_month >= presences.period_month
    where
        items.target_days <> 'last_day'
        and presences.period_month >= {{ add_months(window_start(), -2) }}
        and presences.period_month < {{ window_end() }}
    union all
    select
        employee_id,
        period_month,
        period_kind,
        measure,
        scope,
        target_days,
        role,
        team_id,
        last_day as stretch_from,
        {{ add_days('last_day', 1) }} as stretch_to
    from items
    where target_days = 'last_day'

),

-- Whose targets are looked at, the narrowest first; a team's item begins with the team's.
sought as (

    {% for scope_type, scope_id, own_rank, team_rank in [
        ('employee', 'employee_id', 1, 2),
        ('team', 'team_id', 2, 1),
        ('role', 'role', 3, 3),
        ('company', "'company'", 4, 4),
    ] -%}
    select
        present.*,
        '{{ scope_type }}' as scope_type,
        {{ scope_id }} as scope_id,
        case present.scope when 'team' then {{ team_rank }} else {{ own_rank }} end as scope_rank
    from present
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
),

final as (

    select
        sought.employee_id,
        sought.period_kind,
        sought.measure,
        sought.scope,
        sought.target_days,
        sought.scope_rank,
        sought.period_month,
        sought.stretch_from,
        targets.target_id,
        targets.target_value,
        targets.valid_from,
        greatest(sought.stretch_from, targets.valid_from) as held_from,
        least(sought.stretch_to, coalesce(targets.valid_to, sought.stretch_to)) as held_to
    from sought
    inner join {{ ref('stg_hr__targets') }} as targets
        on
            sought.measure = targets.measure
            and sought.scope_type = targets.scope_type
            and sought.scope_id
            = case targets.scope_type when 'company' then 'company' else targets.scope_id end
            and sought.stretch_to > targets.valid_from
            and sought.stretch_from < coalesce(targets.valid_to, sought.stretch_to)

)

select * from final
