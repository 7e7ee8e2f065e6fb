{{ config(
    materialized='by_month',
    is_light=true,
    changes_of=['billing.contracts'],
) }}

{#- Contracts by the month they were cancelled in. They were signed in any month, so there is one batch. -#}
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
        {{ month_of('cancelled_on') }} as period_month,
        signed_on,
        cancelled_on
    from {{ ref('stg_billing__contracts') }}
    where {{ in_months('cancelled_on') }}

)

select * from final
