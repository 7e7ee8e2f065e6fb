{{ config(materialized='ephemeral') }}

{#-
    The four amounts that are kept apart (S0-02), and the cancelling of booked contracts, as landed.
    `reverses_transaction_id` names what a refund or a cancellation takes back: it is converted at the
    rate of the day of that, so that both come to nothing (S0-07). Contracts are read where they are
    needed, and of those that money names only the ones it names: held once for all, they would be held
    whole, for every month.
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
        on refunds.refund_id = origins.refund_id
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

-- Named by money of these months, by any version of it.
named as (

    select contract_id
    from {{ ref('base_billing__payments') }}
    where {{ in_months('paid_on') }}
    union all
    select contract_id
    from {{ ref('base_billing__consumption') }}
    where {{ in_months('consumed_on') }}
    union all
    select contract_id
    from {{ ref('base_billing__refunds') }}
    where {{ in_months('refunded_on') }}
    union all
    select contract_id
    from {{ ref('stg_billing__contracts') }}
    where {{ in_months('signed_on') }} or {{ in_months('cancelled_on') }}

),

contracts as (

    select
        contract_id,
        opportunity_id,
        product_id,
        contract_type,
        signed_on
    from {{ ref('stg_billing__contracts') }}
    where contract_id in (select named.contract_id from named)

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
    left join contracts
        on events.contract_id = contracts.contract_id
    where {{ in_months('events.transaction_date') }}

)

select * from final
