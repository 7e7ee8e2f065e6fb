{{ config(
    materialized='by_month',
    is_light=true,
    changes_of=['crm.opportunities.closings'],
    reach={'fct_opportunities': 'nothing'},
) }}

{#- Deals won with a solution expert's help, by the month they were closed in (S0-09). -#}
with

supported_wins as (

    select
        supporters.employee_id,
        {{ month_of('opportunities.closed_date') }} as period_month,
        count(*) as deal_count
    from {{ ref('stg_crm__opportunity_team') }} as supporters
    inner join {{ ref('fct_opportunities') }} as opportunities
        on supporters.opportunity_id = opportunities.opportunity_id
    where
        opportunities.outcome = 'won'
        and {{ in_months('opportunities.closed_date') }}
    group by supporters.employee_id, {{ month_of('opportunities.closed_date') }}

),

final as (

    {{ measure_of('supported_wins', 'deal_count') }}
    from supported_wins

)

select * from final
