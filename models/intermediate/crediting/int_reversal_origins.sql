{{ config(
    materialized='by_month',
    is_light=true,
    reach={'fct_transactions': 'reversals'},
) }}

{#-
    What a refund or a cancellation takes back: whoever was credited for that gives it back (S0-07). It was sold in
    any month, so every batch reads all facts: there is one.
-#}
with

final as (

    select
        reversals.transaction_id,
        origins.transaction_id as credited_as,
        origins.account_id,
        origins.contract_id,
        origins.contract_type,
        origins.product_maturity,
        origins.opportunity_id,
        -- Without a rate the sale has earned nothing, so nothing is taken back for it.
        case when origins.company_amount is not null then origins.transaction_kind end
            as credited_kind,
        reversals.period_month,
        {{ month_of('origins.transaction_date') }} as credited_month,
        origins.transaction_date as credited_on
    from {{ ref('fct_transactions') }} as reversals
    inner join {{ ref('fct_transactions') }} as origins
        on reversals.reverses_transaction_id = origins.transaction_id
    where
        origins.reverses_transaction_id is null
        and {{ in_months('reversals.period_month') }}

)

select * from final
