{{ config(materialized='ephemeral') }}

{#- For the months built. Only keys landed more than once are ranked: that is dear, and most are not. -#}
with

relanded as (

    {{ keys_landed_again(ref('base_billing__consumption'), 'consumption_id', in_months('consumed_on')) }}

),

ranked as (

    select
        landed.*,
        1 as version_rank
    from {{ ref('base_billing__consumption') }} as landed
    left join relanded
        on landed.consumption_id = relanded.consumption_id
    where
        {{ in_months('landed.consumed_on') }}
        and relanded.consumption_id is null
    union all
    select
        *,
        {{ version_rank(
            key=['consumption_id'],
            then_by=[
                'account_id', 'contract_id', 'product_id', 'currency', 'quantity',
                'amount', 'consumed_on',
            ],
        ) }} as version_rank
    from (
        {{ versions_landed_again(
            ref('base_billing__consumption'), 'consumption_id', in_months('consumed_on')
        ) }}
    ) as again

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
