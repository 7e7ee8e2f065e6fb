{{ config(materialized='ephemeral') }}

{#-
    The four amounts that are kept apart (S0-02), and the cancelling of booked contracts, as landed.
    `reverses_transaction_id` names what a refund or a cancellation takes back: it is converted at the
    rate of the day of that, so that both come to nothing (S0-07). Contracts are read where they are
    needed: held once for all, they would be held whole, for every month.
-#}
with

events as (

    select
        'booked:' || contract_id as transaction_id,
        'booked' as transaction_kind,
        cast(null as {{ dbt.type_string() }}) as reverses_transaction_id,
        account_id,
        contract_id,
        currency,
        amount,
        signed_on as transaction_date,
        signed_on as rated_on
    from {{ ref('stg_billing__contracts') }}
    where {{ in_months('signed_on') }}
    union all
    select
        'cancelled:' || contract_id as transaction_id,
        'cancelled' as transaction_kind,
        'booked:' || contract_id as reverses_transaction_id,
        account_id,
        contract_id,
        currency,
        amount,
        cancelled_on as transaction_date,
        signed_on as rated_on
    from {{ ref('stg_billing__contracts') }}
    where {{ in_months('cancelled_on') }}
    union all
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

final as (

    select
        events.transaction_id,
        events.transaction_kind,
        events.reverses_transaction_id,
        events.account_id,
        events.contract_id,
        contracts.opportunity_id,
        contracts.product_id,
        contracts.contract_type,
        events.currency,
        events.amount,
        {{ month_of('events.transaction_date') }} as period_month,
        events.transaction_date,
        events.rated_on,
        contracts.signed_on as contract_signed_on
    from events
    left join {{ ref('int_named_contracts') }} as contracts
        on events.contract_id = contracts.contract_id
    where {{ in_months('events.transaction_date') }}

)

select * from final
