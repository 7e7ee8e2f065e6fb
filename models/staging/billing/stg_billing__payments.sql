{{ config(materialized='ephemeral') }}

with

ranked as (

    {{ ranked_versions(
        ref('base_billing__payments'),
        key='payment_id',
        inside=in_months('paid_on'),
        then_by=[
            'account_id', 'contract_id', 'payment_kind', 'currency', 'amount', 'paid_on',
        ],
    ) }}

),

final as (

    select
        ranked.payment_id,
        ranked.account_id,
        ranked.contract_id,
        ranked.payment_kind,
        ranked.currency,
        ranked.amount,
        ranked.paid_on,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
