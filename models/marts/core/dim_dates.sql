{#- The calendar by day: also what the semantic layer counts time by. -#}
with

final as (

    select
        days.calendar_day,
        days.is_working_day,
        days.period_month,
        periods.quarter_start,
        periods.half_start,
        periods.year_start
    from {{ ref('int_days') }} as days
    inner join {{ ref('dim_periods') }} as periods
        on days.period_month = periods.period_month

)

select * from final
