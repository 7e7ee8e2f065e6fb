{{ config(
    materialized='compared',
    holds_from='valid_from',
) }}

select
    from_currency,
    to_currency,
    rate,
    rate_date as valid_from,
    lead(rate_date) over (partition by from_currency, to_currency order by rate_date) as valid_to
from {{ ref('stg_billing__fx_rates') }}
