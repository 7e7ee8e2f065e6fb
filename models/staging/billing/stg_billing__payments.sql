{{ config(materialized='ephemeral') }}

{#- For the months built. Only keys landed more than once are ranked: that is dear, and most are not. -#}
with

relanded as (

    {{ keys_landed_again(ref('base_billing__payments'), 'payment_id', in_months('paid_on')) }}

),

ranked as (

    select
        landed.*,
        1 as version_rank
    from {{ ref('base_billing__payments') }} as landed
    left join relanded
        on landed.payment_id = relanded.payment_id
    where
        {{ in_months('landed.paid_on') }}
        and relanded.payment_id is null
    union all
    select
        *,
        {{ version_rank(
            key=['payment_id'],
            then_by=[
                'account_id', 'contract_id', 'payment_kind', 'currency', 'amount',
                'paid_on',
            ],
        ) }} as version_rank
    from (
        {{ versions_landed_again(ref('base_billing__payments'), 'payment_id', in_months('paid_on')) }}
    ) as again

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
