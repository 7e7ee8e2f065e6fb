{{ config(
    materialized='by_month',
    always=true,
    is_light=true,
) }}

with

settings as (

    select fiscal_year_start_month
    from {{ ref('stg_policy__settings') }}

),

-- Months begin with the first thing sold or done, not with the oldest employee.
events as (

    select min(transaction_date) as first_day
    from {{ ref('fct_transactions') }}
    union all
    select min(activity_date) as first_day
    from {{ ref('fct_activities') }}

),

bounds as (

    select
        {{ month_of(
            'greatest(min(jobs.valid_from), coalesce(min(events.first_day), min(jobs.valid_from)))'
        ) }} as first_month,
        (
            select {{ month_of('known_on') }}
            from {{ ref('int_known_day') }}
        ) as last_month
    from (
        select min(valid_from) as valid_from
        from {{ ref('stg_hr__job_history') }}
    ) as jobs
    cross join events

),

digits as (

    select 0 as digit
    {% for digit in range(1, 10) -%}
    union all
    select {{ digit }} as digit
    {% endfor %}
),

offsets as (

    select hundreds.digit * 100 + tens.digit * 10 + units.digit as month_offset
    from digits as hundreds
    cross join digits as tens
    cross join digits as units

),

months as (

    select {{ add_months('bounds.first_month', 'offsets.month_offset') }} as period_month
    from bounds
    inner join offsets
        on {{ add_months('bounds.first_month', 'offsets.month_offset') }} <= bounds.last_month

),

placed as (

    -- fiscal_month counts from 0, the first month of the fiscal year
    select
        months.period_month,
        (extract(month from months.period_month) - settings.fiscal_year_start_month + 12) % 12
            as fiscal_month
    from months
    cross join settings

),

starts as (

    select
        period_month,
        {{ add_months('period_month', 1) }} as next_month,
        {{ add_months('period_month', '-(fiscal_month % 3)') }} as quarter_start,
        {{ add_months('period_month', '-(fiscal_month % 6)') }} as half_start,
        {{ add_months('period_month', '-fiscal_month') }} as year_start
    from placed

),

final as (

    select
        starts.period_month,
        starts.next_month,
        starts.quarter_start,
        {{ add_months('starts.quarter_start', 3) }} as next_quarter,
        starts.half_start,
        {{ add_months('starts.half_start', 6) }} as next_half,
        starts.year_start,
        {{ add_months('starts.year_start', 12) }} as next_year,
        {{ days_between('starts.period_month', 'starts.next_month') }} as day_count,
        starts.next_month = {{ add_months('starts.quarter_start', 3) }} as is_quarter_end,
        starts.period_month < bounds.last_month as is_whole
    from starts
    cross join bounds

)

select * from final
