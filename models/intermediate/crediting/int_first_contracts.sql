{{ config(
    materialized='compared',
    holds_from='first_signed_on',
) }}

select
    account_id,
    min(signed_on) as first_signed_on
from {{ ref('stg_billing__contracts') }}
where account_id is not null
group by account_id
