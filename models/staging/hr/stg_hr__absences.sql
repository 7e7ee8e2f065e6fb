{{ config(
    materialized='compared',
    holds_from='valid_from',
) }}

with

typed as (

    select
        cast(absence_id as {{ dbt.type_string() }}) as absence_id,
        cast(employee_id as {{ dbt.type_string() }}) as employee_id,
        cast(absence_type as {{ dbt.type_string() }}) as absence_type,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('hr', 'absences') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['absence_id'],
            then_by=[
                'employee_id', 'absence_type', 'valid_from', 'valid_to',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.absence_id,
        ranked.employee_id,
        ranked.absence_type,
        ranked.valid_from,
        ranked.valid_to,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
