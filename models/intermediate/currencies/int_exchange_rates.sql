{{ config(
    materialized='compared',
    holds_from='valid_from',
) }}

select
    rates.from_currency as currency,
    rates.rate,
    rates.valid_from,
    rates.valid_to
from {{ ref('int_quoted_rates') }} as rates
inner join {{ ref('stg_policy__settings') }} as settings
    on rates.to_currency = settings.company_currency
