{{ config(materialized='ephemeral') }}

{#-
    Contracts that money of these months names, by any version of it: joined with all of them, each month
    would hold all of them. By hashes, which are smaller than names; a contract too many does no harm.
-#}
with

named as (

    select {{ row_hash(['contract_id']) }} as hashed
    from {{ ref('base_billing__payments') }}
    where {{ in_months('paid_on') }}
    union all
    select {{ row_hash(['contract_id']) }} as hashed
    from {{ ref('base_billing__consumption') }}
    where {{ in_months('consumed_on') }}
    union all
    select {{ row_hash(['contract_id']) }} as hashed
    from {{ ref('base_billing__refunds') }}
    where {{ in_months('refunded_on') }}

),

final as (

    select
        contract_id,
        opportunity_id,
        product_id,
        contract_type,
        signed_on
    from {{ ref('int_signed_contracts') }}
    where {{ row_hash(['contract_id']) }} in (select named.hashed from named)

)

select * from final
