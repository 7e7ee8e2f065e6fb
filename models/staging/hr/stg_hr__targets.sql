{{ config(
    materialized='compared',
    holds_from='valid_from',
) }}

with

typed as (

    select
        cast(target_id as {{ dbt.type_string() }}) as target_id,
        cast(scope_type as {{ dbt.type_string() }}) as scope_type,
        cast(scope_id as {{ dbt.type_string() }}) as scope_id,
        cast(measure as {{ dbt.type_string() }}) as measure,
        cast(reason as {{ dbt.type_string() }}) as reason,
        cast(target_value as decimal(18, 4)) as target_value,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('hr', 'targets') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['target_id'],
            then_by=[
                'scope_type', 'scope_id', 'measure', 'reason', 'target_value',
                'valid_from', 'valid_to',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.target_id,
        ranked.scope_type,
        ranked.scope_id,
        ranked.measure,
        ranked.reason,
        ranked.target_value,
        ranked.valid_from,
        ranked.valid_to,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
