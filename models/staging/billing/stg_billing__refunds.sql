{{ config(materialized='ephemeral') }}

{#- For the months built. Only keys landed more than once are ranked: that is dear, and most are not. -#}
with

relanded as (

    {{ keys_landed_again(ref('base_billing__refunds'), 'refund_id', in_months('refunded_on')) }}

),

ranked as (

    select
        landed.*,
        1 as version_rank
    from {{ ref('base_billing__refunds') }} as landed
    left join relanded
        on landed.refund_id = relanded.refund_id
    where
        {{ in_months('landed.refunded_on') }}
        and relanded.refund_id is null
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
    from (
        {{ versions_landed_again(ref('base_billing__refunds'), 'refund_id', in_months('refunded_on')) }}
    ) as again

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
