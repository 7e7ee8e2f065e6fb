{#- Each team with itself and every team above it; no deeper than the levels below. -#}
{%- set levels = 8 -%}

with

teams as (

    select
        team_id,
        parent_team_id
    from {{ ref('stg_hr__teams') }}

),

level_0 as (

    select
        team_id,
        team_id as ancestor_team_id
    from teams

),

{% for level in range(1, levels) -%}
level_{{ level }} as (

    select
        below.team_id,
        teams.parent_team_id as ancestor_team_id
    from level_{{ level - 1 }} as below
    inner join teams
        on below.ancestor_team_id = teams.team_id
    where teams.parent_team_id is not null

),

{% endfor -%}
everyone as (

    {% for level in range(0, levels) -%}
    select
        team_id,
        ancestor_team_id
    from level_{{ level }}
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
),

-- Teams that lie above each other in a ring are met more than once.
final as (

    select
        team_id,
        ancestor_team_id
    from everyone
    group by team_id, ancestor_team_id

)

select * from final
