{{ config(materialized='by_month') }}

{#-
    Contracts as they were signed. One that is cancelled lands again, and so would the months in which it was sold and
    paid be built again, were they not to read it here, where nothing of it has changed.
-#}
with

final as (

    select
        contract_id,
        account_id,
        opportunity_id,
        product_id,
        contract_type,
        currency,
        amount,
        period_month,
        signed_on,
        starts_on,
        ends_on
    from {{ ref('stg_billing__contracts') }}
    where {{ in_months('period_month') }}

)

select * from final
