{{ config(
    materialized='by_month',
    reach={'int_deal_keepers': 'deals'},
) }}

{#- Transactions that are nobody's: no direct credit, and nobody who would have it had they a rate. -#}
with

credited_directly as (

    select transaction_id
    from {{ ref('fct_credits') }}
    where
        credit_kind = 'direct'
        and {{ in_months('period_month') }}

),

-- Their identifiers first: a month of sales, with all that there is to each, would not fit into memory.
without_credit as (

    select transactions.transaction_id
    from {{ ref('fct_transactions') }} as transactions
    left join credited_directly
        on transactions.transaction_id = credited_directly.transaction_id
    where
        {{ in_months('transactions.period_month') }}
        and credited_directly.transaction_id is null

),

uncredited as (

    select *
    from {{ ref('fct_transactions') }}
    where
        {{ in_months('period_month') }}
        and transaction_id in (select without_credit.transaction_id from without_credit)

),

-- Without a rate there is no credit, but there may be an owner.
unrated as (

    select uncredited.transaction_id
    from uncredited
    inner join {{ ref('int_credited_transactions') }} as credited
        on
            uncredited.transaction_id = credited.transaction_id
            and credited.credit_kind = 'direct'
    where
        uncredited.company_amount is null
        and credited.company_amount is null
    union
    select uncredited.transaction_id
    from uncredited
    inner join {{ ref('int_deal_keepers') }} as deals
        on uncredited.opportunity_id = deals.opportunity_id
    where
        uncredited.company_amount is null
        and deals.credit_rule_id is not null

),

final as (

    select
        uncredited.transaction_id,
        uncredited.transaction_kind,
        uncredited.account_id,
        uncredited.currency,
        uncredited.amount,
        uncredited.company_amount,
        uncredited.period_month,
        uncredited.transaction_date
    from uncredited
    left join unrated
        on uncredited.transaction_id = unrated.transaction_id
    where unrated.transaction_id is null

)

select * from final
