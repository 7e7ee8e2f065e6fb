{{ config(
    materialized='compared',
    holds_from='period_month',
) }}

{#- The rates of a month where one rate is for all of it: that of its last day, or of its payday. -#}
with

days as (

    select
        'period_end' as rate_day,
        period_month,
        {{ add_days('next_month', -1) }} as rated_on
    from {{ ref('dim_periods') }}
    union all
    select
        'payment' as rate_day,
        periods.period_month,
        {{ add_days('periods.next_month', 'settings.payday - 1') }} as rated_on
    from {{ ref('dim_periods') }} as periods
    cross join {{ ref('stg_policy__settings') }} as settings

),

final as (

    select
        days.rate_day,
        rates.from_currency,
        rates.to_currency,
        rates.rate,
        days.period_month,
        days.rated_on
    from days
    inner join {{ ref('int_quoted_rates') }} as rates
        on {{ holds_on('rates', 'days.rated_on') }}

)

select * from final
