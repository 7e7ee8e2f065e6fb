{{ config(materialized='by_month') }}

{#- For the months built. Only keys landed more than once are ranked: that is dear, and most are not. -#}
with

relanded as (

    {{ keys_landed_again(ref('base_billing__contracts'), 'contract_id', in_months('signed_on')) }}

),

ranked as (

    select
        landed.*,
        1 as version_rank
    from {{ ref('base_billing__contracts') }} as landed
    left join relanded
        on landed.contract_id = relanded.contract_id
    where
        {{ in_months('landed.signed_on') }}
        and relanded.contract_id is null
    union all
    select
        *,
        {{ version_rank(
            key=['contract_id'],
            then_by=[
                'account_id', 'opportunity_id', 'product_id', 'contract_type',
                'currency', 'renews_contract_id', 'amount', 'signed_on', 'starts_on',
                'ends_on', 'cancelled_on',
            ],
        ) }} as version_rank
    from (
        {{ versions_landed_again(
            ref('base_billing__contracts'), 'contract_id', in_months('signed_on')
        ) }}
    ) as again

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
