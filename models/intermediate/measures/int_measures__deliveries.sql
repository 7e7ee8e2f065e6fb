{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#- Deliveries by the month they were due in, their length by the month they were made in (S3-01). -#}
with

due as (

    select
        employee_id,
        {{ month_of('due_on') }} as period_month,
        count(*) as due_count,
        sum(case when delivered_on <= due_on then 1 else 0 end) as on_time_count
    from {{ ref('stg_crm__deliveries') }}
    where
        employee_id is not null
        and {{ in_months('due_on') }}
    group by employee_id, {{ month_of('due_on') }}

),

made as (

    select
        employee_id,
        {{ month_of('delivered_on') }} as period_month,
        count(*) as delivery_count,
        sum({{ days_between('started_on', 'delivered_on') }}) as delivery_days
    from {{ ref('stg_crm__deliveries') }}
    where
        employee_id is not null
        and started_on <= delivered_on
        and {{ in_months('delivered_on') }}
    group by employee_id, {{ month_of('delivered_on') }}

),

final as (

    -- A month that is not over yet has deliveries due that are not late.
    select
        due.employee_id,
        'on_time_delivery_rate' as measure,
        cast(due.on_time_count as decimal(18, 4)) as numerator,
        cast(due.due_count as decimal(18, 4)) as denominator,
        due.period_month
    from due
    inner join {{ ref('dim_periods') }} as periods
        on due.period_month = periods.period_month
    where periods.is_whole
    union all
    {{ measure_of('delivery_cycle', 'delivery_days', 'delivery_count') }}
    from made

)

select * from final
