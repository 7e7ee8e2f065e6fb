{#- A month with too few or too many rows of a table, by itself or beside the months before it. -#}
{%- set limits = {
    'minimum_rows': 'row_count < minimum_rows',
    'maximum_rows': 'row_count > maximum_rows',
    'lowest_share': 'row_count * months_compared < lowest_share * earlier_row_count',
    'highest_share': 'row_count * months_compared > highest_share * earlier_row_count',
} -%}

with

compared as (

    select
        volumes.landing_table,
        volumes.period_month,
        volumes.row_count,
        limits.months_compared,
        limits.minimum_rows,
        limits.maximum_rows,
        limits.lowest_share,
        limits.highest_share,
        -- A table that begins is beside nothing, and neither is one without as many months before.
        case
            when count(earlier.landing_table) = limits.months_compared and min(earlier.row_count) > 0
                then sum(earlier.row_count)
        end as earlier_row_count
    from {{ ref('fct_landing_volumes') }} as volumes
    inner join {{ ref('dim_periods') }} as periods
        on
            volumes.period_month = periods.period_month
            and periods.is_whole
    inner join {{ ref('policy_landing_limits') }} as limits
        on volumes.landing_table = limits.landing_table
    left join {{ ref('fct_landing_volumes') }} as earlier
        on
            volumes.landing_table = earlier.landing_table
            and volumes.period_month > earlier.period_month
            and earlier.period_month >= {{ add_months('volumes.period_month', '-limits.months_compared') }}
    group by
        volumes.landing_table, volumes.period_month, volumes.row_count, limits.months_compared,
        limits.minimum_rows, limits.maximum_rows, limits.lowest_share, limits.highest_share

),

final as (

    {% for limit, is_passed in limits.items() -%}
    select
        landing_table,
        '{{ limit }}' as passed_limit,
        cast({{ limit }} as decimal(18, 4)) as limit_value,
        row_count,
        earlier_row_count,
        months_compared,
        period_month
    from compared
    where {{ is_passed }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor %}
)

select * from final
