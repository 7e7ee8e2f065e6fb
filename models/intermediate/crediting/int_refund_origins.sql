{{ config(materialized='ephemeral') }}

{#- A refund that names no payment takes back the newest payment of its contract. -#}
with

unnamed as (

    select *
    from {{ ref('stg_billing__refunds') }}
    where payment_id is null

),

payment_versions as (

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
    where payment_id in (
        select payments.payment_id
        from {{ ref('base_billing__payments') }} as payments
        where payments.contract_id in (select unnamed.contract_id from unnamed)
    )

),

candidates as (

    select
        unnamed.refund_id,
        payments.payment_id,
        row_number() over (
            partition by unnamed.refund_id
            order by payments.paid_on desc, payments.payment_id desc
        ) as payment_rank
    from unnamed
    inner join payment_versions as payments
        on
            unnamed.contract_id = payments.contract_id
            and unnamed.refunded_on >= payments.paid_on
    where
        payments.version_rank = 1
        and not payments.is_deleted

),

final as (

    select
        refund_id,
        payment_id
    from candidates
    where payment_rank = 1

)

select * from final
