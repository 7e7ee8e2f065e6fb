{{ config(materialized='view') }}

{#- As int_measures__service counts them. -#}
with

requests as (

    select
        requests.employee_id,
        'crm.service_requests' as landing_table,
        requests.request_id as row_key,
        cast(null as date) as row_day,
        requests.account_id,
        requests.period_month,
        requests.response_seconds,
        requests.is_answered,
        requests.is_answered_fast,
        coalesce(requests.response_seconds > settings.slow_response_seconds, false)
            as is_answered_slowly,
        requests.request_type = 'complaint' as is_complaint
    from {{ ref('fct_service_requests') }} as requests
    cross join {{ ref('stg_policy__settings') }} as settings
    where requests.employee_id is not null

),

-- A customer answered counts once, by the first of its requests.
answered as (

    select
        *,
        case
            when
                account_id is not null
                and row_number() over (
                    partition by employee_id, period_month, account_id
                    order by row_key
                ) = 1
                then 1
            else 0
        end as customer_count
    from requests
    where
        is_answered
        and not is_complaint

),

of_somebody as (

    select
        *,
        sum(customer_count) over (partition by employee_id, period_month) as customers
    from answered

),

final as (

    {% for measure, condition in {
        'fast_response_rate': 'is_answered_fast', 'slow_response_rate': 'is_answered_slowly',
    }.items() -%}
    {{ measure_row(measure, 'case when ' ~ condition ~ ' then 1 else 0 end', 1) }}
    from requests
    where not is_complaint
    union all
    {% endfor -%}
    {{ measure_row('response_breaches', 'case when is_answered then 0 else 1 end') }}
    from requests
    where not is_complaint
    union all
    {{ measure_row('customer_response_time', 'response_seconds', 'customer_count') }}
    from of_somebody
    where customers > 0
    union all
    {{ measure_row('complaint_rate', 'case when is_complaint then 1 else 0 end', 1) }}
    from requests

)

select * from final
