{{ config(materialized='ephemeral') }}

{#-
    For the months built. A version outside of them can replace one inside, so keys are taken from the
    months, versions of those keys from everywhere. Only keys landed more than once are ranked: that
    is dear, and nearly all rows are landed once.
-#}
with

relanded as (

    select refund_id
    from {{ ref('base_billing__refunds') }}
    where {{ in_months('refunded_on') }}
    group by refund_id
    having count(*) > 1
    union
    select refund_id
    from {{ ref('base_billing__refunds') }}
    where
        {{ outside_months('refunded_on') }}
        and refund_id in (
            select inside.refund_id
            from {{ ref('base_billing__refunds') }} as inside
            where {{ in_months('inside.refunded_on') }}
        )

),

ranked as (

    select
        *,
        1 as version_rank
    from {{ ref('base_billing__refunds') }} as landed
    where
        {{ in_months('landed.refunded_on') }}
        and not exists (
            select 1
            from relanded
            where landed.refund_id = relanded.refund_id
        )
    union all
    select
        *,
        {{ version_rank(
            key=['refund_id'],
            then_by=[
                'account_id', 'contract_id', 'payment_id', 'currency', 'amount',
                'refunded_on',
            ],
        ) }} as version_rank
    from {{ ref('base_billing__refunds') }}
    where refund_id in (select relanded.refund_id from relanded)

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
