{{ config(materialized='view') }}

{#- As int_measures__deliveries and int_measures__usage add them up. -#}
with

due as (

    select
        deliveries.employee_id,
        'crm.deliveries' as landing_table,
        deliveries.delivery_id as row_key,
        cast(null as date) as row_day,
        periods.period_month,
        case when deliveries.delivered_on <= deliveries.due_on then 1 else 0 end as on_time
    from {{ ref('stg_crm__deliveries') }} as deliveries
    inner join {{ ref('dim_periods') }} as periods
        on
            {{ month_of('deliveries.due_on') }} = periods.period_month
            and periods.is_whole
    where deliveries.employee_id is not null

),

made as (

    select
        employee_id,
        'crm.deliveries' as landing_table,
        delivery_id as row_key,
        cast(null as date) as row_day,
        {{ month_of('delivered_on') }} as period_month,
        {{ days_between('started_on', 'delivered_on') }} as delivery_days
    from {{ ref('stg_crm__deliveries') }}
    where
        employee_id is not null
        and started_on <= delivered_on

),

health as (

    select
        holders.employee_id,
        'crm.account_health' as landing_table,
        health.account_id as row_key,
        health.measured_on as row_day,
        {{ month_of('health.measured_on') }} as period_month,
        health.health_score,
        coalesce(health.active_users, 0) as active_users,
        coalesce(health.licensed_users, 0) as licensed_users
    from {{ ref('stg_crm__account_health') }} as health
    inner join {{ ref('int_account_holders') }} as holders
        on
            health.account_id = holders.account_id
            and holders.assignment_role = 'service_consultant'
            and {{ holds_on('holders', 'health.measured_on') }}

),

-- Nothing is licensed to whom nothing is: no rate.
licensed as (

    select
        *,
        sum(licensed_users) over (partition by employee_id, period_month) as licensed_to_all
    from health

),

final as (

    {{ measure_row('on_time_delivery_rate', 'on_time', 1) }}
    from due
    union all
    {{ measure_row('delivery_cycle', 'delivery_days', 1) }}
    from made
    union all
    {{ measure_row('usage_rate', 'active_users', 'licensed_users') }}
    from licensed
    where licensed_to_all > 0
    union all
    {{ measure_row('health_score', 'health_score', 1) }}
    from health
    where health_score is not null

)

select * from final
