{{ config(materialized='ephemeral') }}

with

ranked as (

    {{ ranked_versions(
        ref('base_billing__refunds'),
        key='refund_id',
        inside=in_months('refunded_on'),
        then_by=[
            'account_id', 'contract_id', 'payment_id', 'currency', 'amount', 'refunded_on',
        ],
    ) }}

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
