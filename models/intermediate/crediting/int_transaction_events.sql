{{ config(materialized='ephemeral') }}

{#-
    The four amounts that are kept apart (S0-02), and the cancelling of booked contracts, as landed.
    `reverses_transaction_id` names what a refund or a cancellation takes back: it is converted at the
    rate of the day of that, so that both come to nothing (S0-07). Money names its contract.
-#}
with

money as (

    select
        'collected:' || payment_id as transaction_id,
        'collected' as transaction_kind,
        cast(null as {{ dbt.type_string() }}) as reverses_transaction_id,
        account_id,
        contract_id,
        currency,
        amount,
        paid_on as transaction_date,
        paid_on as rated_on
    from {{ ref('stg_billing__payments') }}
    union all
    select
        'refunded:' || refunds.refund_id as transaction_id,
        'refunded' as transaction_kind,
        'collected:' || coalesce(refunds.payment_id, origins.payment_id)
            as reverses_transaction_id,
        refunds.account_id,
        refunds.contract_id,
        refunds.currency,
        refunds.amount,
        refunds.refunded_on as transaction_date,
        coalesce(origins.paid_on, refunds.refunded_on) as rated_on
    from {{ ref('stg_billing__refunds') }} as refunds
    left join {{ ref('int_refund_origins') }} as origins
        on
            refunds.refund_id = origins.refund_id
            and {{ in_months('origins.period_month') }}
    union all
    select
        'consumed:' || consumption_id as transaction_id,
        'consumed' as transaction_kind,
        cast(null as {{ dbt.type_string() }}) as reverses_transaction_id,
        account_id,
        contract_id,
        currency,
        amount,
        consumed_on as transaction_date,
        consumed_on as rated_on
    from {{ ref('stg_billing__consumption') }}

),

events as (

    select *
    from {{ ref('int_contract_events') }}
    union all
    select
        money.transaction_id,
        money.transaction_kind,
        money.reverses_transaction_id,
        money.account_id,
        money.contract_id,
        named.opportunity_id,
        named.product_id,
        named.contract_type,
        money.currency,
        money.amount,
        money.transaction_date,
        money.rated_on,
        named.signed_on as contract_signed_on
    from money
    left join {{ ref('int_named_contracts') }} as named
        on money.contract_id = named.contract_id
    where {{ in_months('money.transaction_date') }}

),

final as (

    select
        transaction_id,
        transaction_kind,
        reverses_transaction_id,
        account_id,
        contract_id,
        opportunity_id,
        product_id,
        contract_type,
        currency,
        amount,
        {{ month_of('transaction_date') }} as period_month,
        transaction_date,
        rated_on,
        contract_signed_on
    from events

)

select * from final
