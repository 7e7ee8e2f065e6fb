{{ config(materialized='when_changed') }}

with

typed as (

    select
        cast(opportunity_id as {{ dbt.type_string() }}) as opportunity_id,
        cast(employee_id as {{ dbt.type_string() }}) as employee_id,
        cast(team_role as {{ dbt.type_string() }}) as team_role,
        cast(credit_share as decimal(9, 6)) as credit_share,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('crm', 'opportunity_team') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['opportunity_id', 'employee_id'],
            then_by=[
                'team_role', 'credit_share',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.opportunity_id,
        ranked.employee_id,
        ranked.team_role,
        ranked.credit_share,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
