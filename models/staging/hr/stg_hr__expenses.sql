{{ config(materialized='when_changed') }}

with

typed as (

    select
        cast(expense_id as {{ dbt.type_string() }}) as expense_id,
        cast(employee_id as {{ dbt.type_string() }}) as employee_id,
        cast(currency as {{ dbt.type_string() }}) as currency,
        cast(amount as decimal(18, 4)) as amount,
        cast(incurred_on as date) as incurred_on,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('hr', 'expenses') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['expense_id'],
            then_by=[
                'employee_id', 'currency', 'amount', 'incurred_on',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.expense_id,
        ranked.employee_id,
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
