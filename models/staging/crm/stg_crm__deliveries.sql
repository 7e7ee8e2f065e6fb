{{ config(materialized='when_changed') }}

with

typed as (

    select
        cast(delivery_id as {{ dbt.type_string() }}) as delivery_id,
        cast(contract_id as {{ dbt.type_string() }}) as contract_id,
        cast(account_id as {{ dbt.type_string() }}) as account_id,
        cast(employee_id as {{ dbt.type_string() }}) as employee_id,
        cast(started_on as date) as started_on,
        cast(due_on as date) as due_on,
        cast(delivered_on as date) as delivered_on,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('crm', 'deliveries') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['delivery_id'],
            then_by=[
                'contract_id', 'account_id', 'employee_id', 'started_on', 'due_on',
                'delivered_on',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.delivery_id,
        ranked.contract_id,
        ranked.account_id,
        ranked.employee_id,
        ranked.started_on,
        ranked.due_on,
        ranked.delivered_on,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
