{{ config(materialized='by_month') }}

{#- Activities counted by kind (S2-01). -#}
with

counted as (

    select
        employee_id,
        period_month,
        case activity_type
            when 'visit' then 'visits'
            when 'competitor_note' then 'competitor_notes'
        end as measure,
        count(*) as activity_count
    from {{ ref('fct_activities') }}
    where
        activity_type in ('visit', 'competitor_note')
        and {{ in_months('period_month') }}
    group by employee_id, period_month, activity_type

),

final as (

    select
        employee_id,
        measure,
        cast(activity_count as decimal(18, 4)) as numerator,
        cast(null as decimal(18, 4)) as denominator,
        period_month
    from counted

)

select * from final
