{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#- How customers use what they bought, for whoever serves them on the day it was measured (S3-01). -#}
with

measured as (

    select
        holders.employee_id,
        {{ month_of('health.measured_on') }} as period_month,
        sum(health.health_score) as health_score,
        count(health.health_score) as score_count,
        sum(health.active_users) as active_users,
        sum(health.licensed_users) as licensed_users
    from {{ ref('stg_crm__account_health') }} as health
    inner join {{ ref('int_account_holders') }} as holders
        on
            health.account_id = holders.account_id
            and holders.assignment_role = 'service_consultant'
            and {{ holds_on('holders', 'health.measured_on') }}
    where {{ in_months('health.measured_on') }}
    group by holders.employee_id, {{ month_of('health.measured_on') }}

),

final as (

    {{ measure_of('usage_rate', 'coalesce(active_users, 0)', 'licensed_users') }}
    from measured
    where licensed_users > 0
    union all
    {{ measure_of('health_score', 'health_score', 'score_count') }}
    from measured
    where score_count > 0

)

select * from final
