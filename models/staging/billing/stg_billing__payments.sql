{{ config(materialized='ephemeral') }}

{#-
    For the months built. A version outside of them can replace one inside, so keys are taken from the
    months, versions of those keys from everywhere. Only keys landed more than once are ranked: that
    is dear, and nearly all rows are landed once.
-#}
with

relanded as (

    select payment_id
    from {{ ref('base_billing__payments') }}
    where {{ in_months('paid_on') }}
    group by payment_id
    having count(*) > 1
    union
    select payment_id
    from {{ ref('base_billing__payments') }}
    where
        {{ outside_months('paid_on') }}
        and payment_id in (
            select inside.payment_id
            from {{ ref('base_billing__payments') }} as inside
            where {{ in_months('inside.paid_on') }}
        )

),

ranked as (

    select
        *,
        1 as version_rank
    from {{ ref('base_billing__payments') }} as landed
    where
        {{ in_months('landed.paid_on') }}
        and not exists (
            select 1
            from relanded
            where landed.payment_id = relanded.payment_id
        )
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
    from {{ ref('base_billing__payments') }}
    where payment_id in (select relanded.payment_id from relanded)

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
