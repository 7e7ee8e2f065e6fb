{{ config(materialized='by_month') }}

with

ranked as (

    {{ ranked_versions(
        ref('base_billing__contracts'),
        key='contract_id',
        inside=in_months('signed_on'),
        then_by=[
            'account_id', 'opportunity_id', 'product_id', 'contract_type', 'currency',
            'renews_contract_id', 'amount', 'signed_on', 'starts_on', 'ends_on',
            'cancelled_on',
        ],
    ) }}

),

final as (

    select
        ranked.contract_id,
        ranked.account_id,
        ranked.opportunity_id,
        ranked.product_id,
        ranked.contract_type,
        ranked.currency,
        ranked.renews_contract_id,
        ranked.amount,
        ranked.signed_on,
        ranked.starts_on,
        ranked.ends_on,
        ranked.cancelled_on,
        {{ month_of('ranked.signed_on') }} as period_month,
        ranked.loaded_at
    from ranked
    where
        {{ in_months('ranked.signed_on') }}
        and ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
