{{ config(materialized='view') }}

{#-
    Transactions with what decides who is credited: the day, the account and the deal. What is taken
    back counts as what it takes back, on the day that was sold: a refund or a cancellation goes to
    whoever was credited, whoever holds the account by then (S0-07).

    A view: who reads it several times for some months reads the facts so often, and writes no copy of these.
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
    where reverses_transaction_id is null
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
        on
            transactions.transaction_id = origins.transaction_id
            and transactions.period_month = origins.period_month

)

select * from final
