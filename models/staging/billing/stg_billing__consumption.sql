with

typed as (

    select
        cast(consumption_id as {{ dbt.type_string() }}) as consumption_id,
        cast(account_id as {{ dbt.type_string() }}) as account_id,
        cast(contract_id as {{ dbt.type_string() }}) as contract_id,
        cast(product_id as {{ dbt.type_string() }}) as product_id,
        cast(currency as {{ dbt.type_string() }}) as currency,
        cast(quantity as decimal(18, 4)) as quantity,
        cast(amount as decimal(18, 4)) as amount,
        cast(consumed_on as date) as consumed_on,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('billing', 'consumption') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['consumption_id'],
            then_by=[
                'account_id', 'contract_id', 'product_id', 'currency', 'quantity',
                'amount', 'consumed_on',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.consumption_id,
        ranked.account_id,
        ranked.contract_id,
        ranked.product_id,
        ranked.currency,
        ranked.quantity,
        ranked.amount,
        ranked.consumed_on,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
