{{ config(materialized='when_changed') }}

with

typed as (

    select
        cast(cost_id as {{ dbt.type_string() }}) as cost_id,
        cast(account_id as {{ dbt.type_string() }}) as account_id,
        cast(employee_id as {{ dbt.type_string() }}) as employee_id,
        cast(cost_type as {{ dbt.type_string() }}) as cost_type,
        cast(currency as {{ dbt.type_string() }}) as currency,
        cast(amount as decimal(18, 4)) as amount,
        cast(incurred_on as date) as incurred_on,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('billing', 'account_costs') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['cost_id'],
            then_by=[
                'account_id', 'employee_id', 'cost_type', 'currency', 'amount',
                'incurred_on',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.cost_id,
        ranked.account_id,
        ranked.employee_id,
        ranked.cost_type,
        ranked.currency,
        ranked.amount,
        ranked.incurred_on,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
