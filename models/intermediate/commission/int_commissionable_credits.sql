{{ config(
    materialized='by_month',
    reach={'int_payee_commission_rules': 'reversals'},
) }}

{#-
    Credits that count for a payee's commission plan, signed and in the plan's currency, at the rate of
    the day that the plan names; each with the period in which sales accumulate. A reversal has the rate
    of what it takes back (S0-07).
-#}
with

settings as (

    select company_currency
    from {{ ref('stg_policy__settings') }}

),

priced as (

    select
        credits.*,
        settings.company_currency,
        coalesce(sales.currency, settings.company_currency) as sale_currency,
        cast({{ rounded_product('sales.amount', 'credits.credit_share') }} as decimal(18, 4)) as sale_amount
    from {{ ref('int_planned_credits') }} as credits
    cross join settings
    left join {{ ref('int_sales_to_convert') }} as sales
        on credits.transaction_id = sales.transaction_id

),

-- Null where no rate is quoted: then it earns nothing, and stands in a check.
converted as (

    select
        priced.*,
        case
            when priced.sale_currency <> priced.currency then coalesce(day_rates.rate, month_rates.rate)
        end as exchange_rate,
        priced.sign * case
            when
                priced.currency = priced.company_currency
                and (priced.sale_currency = priced.currency or priced.sale_rate_day = 'transaction')
                then priced.credit_amount
            when priced.sale_currency = priced.currency then priced.sale_amount
            else {{ converted('priced.sale_amount', 'coalesce(day_rates.rate, month_rates.rate)') }}
        end as signed_amount
    from priced
    left join {{ ref('int_quoted_rates') }} as day_rates
        on
            case when priced.sale_rate_day = 'transaction' then priced.sale_currency end
            = day_rates.from_currency
            and priced.currency = day_rates.to_currency
            and {{ holds_on('day_rates', 'priced.credited_on') }}
    left join {{ ref('int_month_rates') }} as month_rates
        on
            priced.sale_currency = month_rates.from_currency
            and priced.currency = month_rates.to_currency
            and priced.sale_rate_day = month_rates.rate_day
            and priced.credited_month = month_rates.period_month

),

final as (

    select
        converted.transaction_id,
        converted.employee_id,
        converted.assignment_role,
        converted.reverses_transaction_id,
        converted.plan_id,
        converted.tier_mode,
        converted.bound_kind,
        converted.bound_side,
        converted.contract_type,
        converted.product_maturity,
        converted.product_class,
        converted.customer_class,
        case when converted.accumulation = 'quota_window' then quotas.quota_amount end as window_quota,
        converted.currency,
        case when converted.sale_currency <> converted.currency then converted.sale_currency end
            as sale_currency,
        cast(converted.exchange_rate as decimal(18, 8)) as exchange_rate,
        cast(converted.signed_amount as decimal(18, 4)) as signed_amount,
        converted.period_month,
        converted.credited_month,
        converted.transaction_date,
        case
            when converted.accumulation = 'quota_window'
                then coalesce(quotas.valid_from, periods.period_month)
            else {{ period_start('converted.accumulation', 'periods') }}
        end as accumulation_start,
        {{ period_end('converted.accumulation', 'periods') }} as accumulation_end
    from converted
    inner join {{ ref('dim_periods') }} as periods
        on converted.period_month = periods.period_month
    left join {{ ref('int_plan_quotas') }} as quotas
        on
            converted.employee_id = quotas.employee_id
            and converted.currency = quotas.currency
            and {{ holds_on('quotas', 'converted.transaction_date') }}

)

select * from final
