{{ config(
    materialized='compared',
    holds_from='valid_from',
) }}

with

typed as (

    select
        cast(employee_id as {{ dbt.type_string() }}) as employee_id,
        cast(currency as {{ dbt.type_string() }}) as currency,
        cast(quota_amount as decimal(18, 4)) as quota_amount,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('hr', 'quotas') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['employee_id', 'valid_from'],
            then_by=[
                'currency', 'quota_amount', 'valid_to',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.employee_id,
        ranked.currency,
        ranked.quota_amount,
        ranked.valid_from,
        ranked.valid_to,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
