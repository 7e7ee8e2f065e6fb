{{ config(
    materialized='compared',
    holds_from='valid_from',
) }}

with

settings as (

    select company_currency
    from {{ ref('stg_policy__settings') }}

),

final as (

    select
        rates.from_currency as currency,
        rates.rate,
        rates.rate_date as valid_from,
        lead(rates.rate_date) over (
            partition by rates.from_currency
            order by rates.rate_date
        ) as valid_to
    from {{ ref('stg_billing__fx_rates') }} as rates
    cross join settings
    where rates.to_currency = settings.company_currency

)

select * from final
