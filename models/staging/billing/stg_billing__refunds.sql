with

typed as (

    select
        cast(refund_id as {{ dbt.type_string() }}) as refund_id,
        cast(account_id as {{ dbt.type_string() }}) as account_id,
        cast(contract_id as {{ dbt.type_string() }}) as contract_id,
        cast(payment_id as {{ dbt.type_string() }}) as payment_id,
        cast(currency as {{ dbt.type_string() }}) as currency,
        cast(amount as decimal(18, 4)) as amount,
        cast(refunded_on as date) as refunded_on,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('billing', 'refunds') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['refund_id'],
            then_by=[
                'account_id', 'contract_id', 'payment_id', 'currency', 'amount',
                'refunded_on',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.refund_id,
        ranked.account_id,
        ranked.contract_id,
        ranked.payment_id,
        ranked.currency,
        ranked.amount,
        ranked.refunded_on,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
