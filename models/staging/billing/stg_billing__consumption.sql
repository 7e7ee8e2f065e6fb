{{ config(materialized='ephemeral') }}

with

ranked as (

    {{ ranked_versions(
        ref('base_billing__consumption'),
        key='consumption_id',
        inside=in_months('consumed_on'),
        then_by=[
            'account_id', 'contract_id', 'product_id', 'currency', 'quantity', 'amount',
            'consumed_on',
        ],
    ) }}

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
