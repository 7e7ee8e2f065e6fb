{{ config(materialized='by_month') }}

{#- What became of the deals created in a month (S2-03): the open ones stay in the denominator. -#}
with

settings as (

    select company_currency
    from {{ ref('stg_policy__settings') }}

),

deals as (

    select
        opportunities.owner_id as employee_id,
        opportunities.period_month,
        opportunities.outcome,
        {{ in_company_currency('opportunities', 'rates', 'settings') }} as company_amount
    from {{ ref('fct_opportunities') }} as opportunities
    cross join settings
    left join {{ ref('int_exchange_rates') }} as rates
        on
            opportunities.currency = rates.currency
            and {{ holds_on('rates', 'opportunities.created_date') }}
    where
        opportunities.owner_id is not null
        and {{ in_months('opportunities.period_month') }}

),

summed as (

    select
        employee_id,
        period_month,
        sum(case when outcome = 'won' then 1 else 0 end) as won_count,
        count(*) as deal_count,
        sum(case when outcome = 'won' then company_amount else 0 end) as won_amount,
        sum(company_amount) as deal_amount
    from deals
    group by employee_id, period_month

),

final as (

    {{ measure_of('win_rate', 'won_count', 'deal_count') }}
    from summed
    union all
    {{ measure_of('win_rate_by_amount', 'coalesce(won_amount, 0)', 'deal_amount') }}
    from summed
    where deal_amount is not null

)

select * from final
