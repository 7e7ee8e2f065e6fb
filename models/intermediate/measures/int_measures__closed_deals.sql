{{ config(
    materialized='by_month',
    is_light=true,
    changes_of=['crm.opportunities.closings'],
    reach={'fct_opportunities': 'nothing'},
) }}

{#-
    Deals by the month they were closed in (S2-02, S2-03). A deal without a first follow-up has no
    cycle, and is counted apart; a negative one is a finding and no number in an average.
-#}
with

closed as (

    select
        owner_id as employee_id,
        {{ month_of('closed_date') }} as period_month,
        sum(case when outcome = 'won' then 1 else 0 end) as won_count,
        count(*) as deal_count,
        sum(case when first_follow_up_date is null then 1 else 0 end) as without_follow_up_count,
        sum(case when outcome = 'won' and sales_cycle_days >= 0 then 1 else 0 end) as won_cycle_count,
        sum(case when outcome = 'won' and sales_cycle_days >= 0 then sales_cycle_days else 0 end)
            as won_cycle_days,
        sum(case when outcome = 'lost' and sales_cycle_days >= 0 then 1 else 0 end) as lost_cycle_count,
        sum(case when outcome = 'lost' and sales_cycle_days >= 0 then sales_cycle_days else 0 end)
            as lost_cycle_days
    from {{ ref('fct_opportunities') }}
    where
        owner_id is not null
        and outcome in ('won', 'lost')
        and closed_date is not null
        and {{ in_months('closed_date') }}
    group by owner_id, {{ month_of('closed_date') }}

),

final as (

    {{ measure_of('win_rate_of_closed', 'won_count', 'deal_count') }}
    from closed
    union all
    {{ measure_of('sales_cycle', 'won_cycle_days', 'won_cycle_count') }}
    from closed
    where won_cycle_count > 0
    union all
    {{ measure_of('sales_cycle_lost', 'lost_cycle_days', 'lost_cycle_count') }}
    from closed
    where lost_cycle_count > 0
    union all
    {{ measure_of(
        'sales_cycle_all', 'won_cycle_days + lost_cycle_days', 'won_cycle_count + lost_cycle_count'
    ) }}
    from closed
    where won_cycle_count + lost_cycle_count > 0
    union all
    {{ measure_of('deals_without_follow_up', 'without_follow_up_count') }}
    from closed
    where without_follow_up_count > 0

)

select * from final
