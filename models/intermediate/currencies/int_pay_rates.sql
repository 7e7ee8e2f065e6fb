{#- The rates of a month between the currencies of plans and of pay: of the day that the settings name. -#}
select
    rates.from_currency,
    rates.to_currency,
    rates.rate,
    rates.period_month
from {{ ref('int_month_rates') }} as rates
inner join {{ ref('stg_policy__settings') }} as settings
    on rates.rate_day = settings.pay_rate_day
