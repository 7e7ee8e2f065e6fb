{{ config(
    materialized='by_month',
    is_light=true,
    reach={'billing.payments': 'refunds'},
) }}

{#-
    The payment that a refund takes back, where it is looked up: one that names no payment takes back
    the newest of its contract, and one in another currency than the company's has its payment's rate.
    It was paid in any month, so every batch reads all payments: there is one.
-#}
with

settings as (

    select company_currency
    from {{ ref('stg_policy__settings') }}

),

refunds as (

    select refunds.*
    from {{ ref('stg_billing__refunds') }} as refunds
    cross join settings
    where
        refunds.payment_id is null
        or refunds.currency <> settings.company_currency

),

looked_up as (

    select payments.payment_id
    from {{ ref('base_billing__payments') }} as payments
    where
        payments.contract_id in (
            select refunds.contract_id
            from refunds
            where refunds.payment_id is null
        )
    union all
    select refunds.payment_id
    from refunds
    where refunds.payment_id is not null

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
    where payment_id in (select looked_up.payment_id from looked_up)

),

payments as (

    select *
    from payment_versions
    where
        version_rank = 1
        and not is_deleted

),

candidates as (

    select
        refunds.refund_id,
        refunds.refunded_on,
        payments.payment_id,
        payments.paid_on
    from refunds
    inner join payments
        on refunds.payment_id = payments.payment_id
    union all
    select
        refunds.refund_id,
        refunds.refunded_on,
        payments.payment_id,
        payments.paid_on
    from refunds
    inner join payments
        on
            refunds.contract_id = payments.contract_id
            and refunds.refunded_on >= payments.paid_on
    where refunds.payment_id is null

),

ranked as (

    select
        *,
        row_number() over (
            partition by refund_id
            order by paid_on desc, payment_id desc
        ) as payment_rank
    from candidates

),

final as (

    select
        refund_id,
        payment_id,
        paid_on,
        {{ month_of('refunded_on') }} as period_month
    from ranked
    where payment_rank = 1

)

select * from final
