{{ config(materialized='compared') }}

select
    product_id,
    product_name,
    product_line,
    market,
    maturity,
    coalesce(is_key_product, false) as is_key_product,
    launched_on
from {{ ref('stg_billing__products') }}
