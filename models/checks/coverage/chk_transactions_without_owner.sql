{{ config(
    materialized='by_month',
    reach={'int_opportunity_owners': 'deals'},
) }}

with

uncredited as (

    select *
    from {{ ref('fct_transactions') }} as transactions
    where
        {{ in_months('transactions.period_month') }}
        and not exists (
            select 1
            from {{ ref('fct_credits') }} as credits
            where
                transactions.transaction_id = credits.transaction_id
                and {{ in_months('credits.period_month') }}
        )

),

final as (

    -- Without a rate there is no credit, but there may be an owner.
    select
        uncredited.transaction_id,
        uncredited.transaction_kind,
        uncredited.account_id,
        uncredited.currency,
        uncredited.amount,
        uncredited.period_month,
        uncredited.transaction_date
    from uncredited
    where not exists (
        select 1
        from {{ ref('int_credited_transactions') }} as credited
        where
            uncredited.company_amount is null
            and uncredited.transaction_id = credited.transaction_id
    )

)

select * from final
