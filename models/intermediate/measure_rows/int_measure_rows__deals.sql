{{ config(materialized='view') }}

{#- As int_measures__created_deals, int_measures__closed_deals and int_measures__wins count them. -#}
with

settings as (

    select company_currency
    from {{ ref('stg_policy__settings') }}

),

deals as (

    select
        opportunities.owner_id as employee_id,
        'crm.opportunities' as landing_table,
        opportunities.opportunity_id as row_key,
        cast(null as date) as row_day,
        opportunities.period_month,
        opportunities.outcome = 'won' as is_won,
        {{ in_company_currency('opportunities', 'rates', 'settings') }} as company_amount
    from {{ ref('fct_opportunities') }} as opportunities
    cross join settings
    left join {{ ref('int_exchange_rates') }} as rates
        on
            opportunities.currency = rates.currency
            and {{ holds_on('rates', 'opportunities.created_date') }}
    where opportunities.owner_id is not null

),

closed as (

    select
        owner_id as employee_id,
        'crm.opportunities' as landing_table,
        opportunity_id as row_key,
        cast(null as date) as row_day,
        {{ month_of('closed_date') }} as period_month,
        outcome = 'won' as is_won,
        first_follow_up_date,
        sales_cycle_days
    from {{ ref('fct_opportunities') }}
    where
        owner_id is not null
        and outcome in ('won', 'lost')
        and closed_date is not null

),

supported_wins as (

    select
        supporters.employee_id,
        'crm.opportunities' as landing_table,
        supporters.opportunity_id as row_key,
        cast(null as date) as row_day,
        {{ month_of('opportunities.closed_date') }} as period_month
    from {{ ref('stg_crm__opportunity_team') }} as supporters
    inner join {{ ref('fct_opportunities') }} as opportunities
        on supporters.opportunity_id = opportunities.opportunity_id
    where
        opportunities.outcome = 'won'
        and opportunities.closed_date is not null

),

final as (

    {{ measure_row('win_rate', 'case when is_won then 1 else 0 end', 1) }}
    from deals
    union all
    {{ measure_row(
        'win_rate_by_amount', 'case when is_won then company_amount else 0 end', 'company_amount'
    ) }}
    from deals
    where company_amount is not null
    union all
    {{ measure_row('win_rate_of_closed', 'case when is_won then 1 else 0 end', 1) }}
    from closed
    union all
    {{ measure_row('sales_cycle', 'sales_cycle_days', 1) }}
    from closed
    where
        is_won
        and sales_cycle_days >= 0
    union all
    {{ measure_row('sales_cycle_lost', 'sales_cycle_days', 1) }}
    from closed
    where
        not is_won
        and sales_cycle_days >= 0
    union all
    {{ measure_row('sales_cycle_all', 'sales_cycle_days', 1) }}
    from closed
    where sales_cycle_days >= 0
    union all
    {{ measure_row('deals_without_follow_up', 1) }}
    from closed
    where first_follow_up_date is null
    union all
    {{ measure_row('supported_wins', 1) }}
    from supported_wins

)

select * from final
