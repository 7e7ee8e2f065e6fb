{{ config(materialized='when_changed') }}

with

typed as (

    select
        cast(assignment_id as {{ dbt.type_string() }}) as assignment_id,
        cast(account_id as {{ dbt.type_string() }}) as account_id,
        cast(employee_id as {{ dbt.type_string() }}) as employee_id,
        cast(assignment_role as {{ dbt.type_string() }}) as assignment_role,
        cast(team_id as {{ dbt.type_string() }}) as team_id,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('crm', 'account_assignments') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['assignment_id'],
            then_by=[
                'account_id', 'employee_id', 'assignment_role', 'team_id',
                'valid_from', 'valid_to',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.assignment_id,
        ranked.account_id,
        ranked.employee_id,
        ranked.assignment_role,
        ranked.team_id,
        ranked.valid_from,
        ranked.valid_to,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
