{{ config(materialized='when_changed') }}

with

typed as (

    select
        cast(account_id as {{ dbt.type_string() }}) as account_id,
        cast(health_score as decimal(18, 4)) as health_score,
        cast(active_users as integer) as active_users,
        cast(licensed_users as integer) as licensed_users,
        cast(measured_on as date) as measured_on,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('crm', 'account_health') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['account_id', 'measured_on'],
            then_by=[
                'health_score', 'active_users', 'licensed_users',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.account_id,
        ranked.health_score,
        ranked.active_users,
        ranked.licensed_users,
        ranked.measured_on,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
