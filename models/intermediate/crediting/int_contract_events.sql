{{ config(materialized='ephemeral') }}

{#- Contracts that were booked, and that were cancelled, as transactions (S0-02). -#}
with

final as (

    select
        'booked:' || contract_id as transaction_id,
        'booked' as transaction_kind,
        cast(null as {{ dbt.type_string() }}) as reverses_transaction_id,
        account_id,
        contract_id,
        opportunity_id,
        product_id,
        contract_type,
        currency,
        amount,
        signed_on as transaction_date,
        signed_on as rated_on,
        signed_on as contract_signed_on
    from {{ ref('int_signed_contracts') }}
    where {{ in_months('signed_on') }}
    union all
    select
        'cancelled:' || contract_id as transaction_id,
        'cancelled' as transaction_kind,
        'booked:' || contract_id as reverses_transaction_id,
        account_id,
        contract_id,
        opportunity_id,
        product_id,
        contract_type,
        currency,
        amount,
        cancelled_on as transaction_date,
        signed_on as rated_on,
        signed_on as contract_signed_on
    from {{ ref('int_cancelled_contracts') }}
    where {{ in_months('cancelled_on') }}

)

select * from final
