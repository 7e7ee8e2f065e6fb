{#- Every day of every month, with how many working days came before it: a stretch is a difference. -#}
with

digits as (

    select 0 as digit
    {% for digit in range(1, 31) -%}
    union all
    select {{ digit }} as digit
    {% endfor %}
),

days as (

    select
        periods.period_month,
        {{ add_days('periods.period_month', 'digits.digit') }} as calendar_day
    from {{ ref('dim_periods') }} as periods
    inner join digits
        on {{ add_days('periods.period_month', 'digits.digit') }} < periods.next_month

),

-- 5 January 1970 was a Monday.
judged as (

    select
        days.period_month,
        days.calendar_day,
        coalesce(
            calendar.is_working_day,
            {{ days_between("cast('1970-01-05' as date)", 'days.calendar_day') }} % 7 < 5
        ) as is_working_day
    from days
    left join {{ ref('policy_calendar') }} as calendar
        on days.calendar_day = calendar.calendar_day

),

final as (

    select
        calendar_day,
        is_working_day,
        cast(
            sum(case when is_working_day then 1 else 0 end)
                over (order by calendar_day rows between unbounded preceding and current row)
            as integer
        ) as working_days_through,
        period_month
    from judged

)

select * from final
