{{ config(
    materialized='by_month',
    is_light=true,
    reach={'crm.opportunity_team': 'everything'},
) }}

{#-
    Deals that solution experts were called to, by the month the deal was created in (S0-09). All teams are ranked
    for it, so there is one batch.
-#}
with

settings as (

    select company_currency
    from {{ ref('stg_policy__settings') }}

),

supported as (

    select
        supporters.employee_id,
        opportunities.period_month,
        {{ in_company_currency('opportunities', 'rates', 'settings') }} as amount
    from {{ ref('fct_opportunities') }} as opportunities
    inner join {{ ref('stg_crm__opportunity_team') }} as supporters
        on opportunities.opportunity_id = supporters.opportunity_id
    cross join settings
    left join {{ ref('int_exchange_rates') }} as rates
        on
            opportunities.currency = rates.currency
            and {{ holds_on('rates', 'opportunities.created_date') }}
    where {{ in_months('opportunities.period_month') }}

),

final as (

    select
        employee_id,
        count(*) as deal_count,
        sum(amount) as deal_amount,
        period_month
    from supported
    where amount is not null
    group by employee_id, period_month

)

select * from final
