{{ config(materialized='ephemeral') }}

{#-
    Transactions with what decides who is credited: the day, the account and the deal. What is taken
    back counts as what it takes back, on the day that was sold: a refund or a cancellation goes to
    whoever was credited, whoever holds the account by then (S0-07).
-#}
with

final as (

    select
        *,
        transaction_id as credited_as,
        account_id as credited_account_id,
        contract_id as credited_contract_id,
        contract_type as credited_contract_type,
        product_maturity as credited_product_maturity,
        opportunity_id as credited_opportunity_id,
        transaction_date as credited_on
    from {{ ref('fct_transactions') }}
    where
        reverses_transaction_id is null
        and {{ in_months('period_month') }}
    union all
    -- What is taken back stands for itself, on the day it was sold.
    select
        transactions.*,
        origins.credited_as,
        origins.account_id as credited_account_id,
        origins.contract_id as credited_contract_id,
        origins.contract_type as credited_contract_type,
        origins.product_maturity as credited_product_maturity,
        origins.opportunity_id as credited_opportunity_id,
        origins.credited_on
    from {{ ref('fct_transactions') }} as transactions
    inner join {{ ref('int_reversal_origins') }} as origins
        on transactions.transaction_id = origins.transaction_id
    where
        {{ in_months('transactions.period_month') }}
        and {{ in_months('origins.period_month') }}

)

select * from final
