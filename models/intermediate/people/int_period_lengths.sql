{#- The days of the periods that scores are for. -#}
with

periods as (

    {% for kind in ['month', 'quarter'] -%}
    select
        '{{ kind }}' as period_kind,
        period_month,
        {{ 'period_month' if kind == 'month' else 'quarter_start' }} as period_start,
        next_month
    from {{ ref('dim_periods') }}
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
),

final as (

    select
        periods.period_kind,
        {{ days_between('periods.period_start', 'periods.next_month') }} as calendar_days,
        cast(sum(case when days.is_working_day then 1 else 0 end) as integer) as working_days,
        periods.period_month,
        periods.period_start
    from periods
    inner join {{ ref('int_days') }} as days
        on
            periods.period_start <= days.calendar_day
            and periods.next_month > days.calendar_day
    group by
        periods.period_kind, periods.period_month, periods.period_start, periods.next_month

)

select * from final
