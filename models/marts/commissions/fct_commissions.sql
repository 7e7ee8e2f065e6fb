{{ config(materialized='by_month') }}

with

settings as (

    select company_currency
    from {{ ref('stg_policy__settings') }}

),

summed as (

    select
        employee_id,
        plan_id,
        currency,
        cast(
            sum(case when line_kind in ('earned', 'reversed') then amount else 0 end)
            as decimal(18, 4)
        ) as sales_amount,
        {% for kind in ['earned', 'reversed', 'trued_up', 'forgiven', 'deferred', 'gated', 'capped'] -%}
        cast(
            sum(case when line_kind = '{{ kind }}' then commission_amount else 0 end) as decimal(18, 4)
        ) as {{ kind }}_amount,
        {% endfor -%}
        cast(sum(commission_amount) as decimal(18, 4)) as commission_amount,
        pay_currency,
        cast(coalesce(sum(pay_amount), 0) as decimal(18, 4)) as pay_amount,
        period_month
    from {{ ref('fct_commission_lines') }}
    where {{ in_months('period_month') }}
    group by employee_id, plan_id, currency, pay_currency, period_month

),

final as (

    select
        summed.employee_id,
        summed.plan_id,
        summed.currency,
        summed.sales_amount,
        {% for kind in ['earned', 'reversed', 'trued_up', 'forgiven', 'deferred', 'gated', 'capped'] -%}
        summed.{{ kind }}_amount,
        {% endfor -%}
        summed.commission_amount,
        -- For boards, on which payees of several plans stand.
        case
            when summed.currency = settings.company_currency then summed.commission_amount
            else {{ converted('summed.commission_amount', 'rates.rate') }}
        end as company_amount,
        summed.pay_currency,
        summed.pay_amount,
        summed.period_month
    from summed
    cross join settings
    left join {{ ref('int_pay_rates') }} as rates
        on
            summed.currency = rates.from_currency
            and settings.company_currency = rates.to_currency
            and summed.period_month = rates.period_month

)

select * from final
