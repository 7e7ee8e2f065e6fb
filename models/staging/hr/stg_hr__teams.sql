with

typed as (

    select
        cast(team_id as {{ dbt.type_string() }}) as team_id,
        cast(team_name as {{ dbt.type_string() }}) as team_name,
        cast(team_kind as {{ dbt.type_string() }}) as team_kind,
        cast(parent_team_id as {{ dbt.type_string() }}) as parent_team_id,
        cast(region as {{ dbt.type_string() }}) as region,
        cast(industry as {{ dbt.type_string() }}) as industry,
        cast(dotted_line_manager_id as {{ dbt.type_string() }}) as dotted_line_manager_id,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('hr', 'teams') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['team_id'],
            then_by=[
                'team_name', 'team_kind', 'parent_team_id', 'region', 'industry',
                'dotted_line_manager_id',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.team_id,
        ranked.team_name,
        ranked.team_kind,
        ranked.parent_team_id,
        ranked.region,
        ranked.industry,
        ranked.dotted_line_manager_id,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
