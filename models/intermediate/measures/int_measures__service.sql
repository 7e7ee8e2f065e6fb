{{ config(materialized='by_month') }}

{#-
    Response to documents, demos and questions asked for (S2-04); a complaint is none of these. An
    unanswered request is in the denominator of the rates, counts as a breach, and has no time.
-#}
with

requests as (

    select
        requests.employee_id,
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
    where
        requests.employee_id is not null
        and {{ in_months('requests.period_month') }}

),

counted as (

    select
        employee_id,
        period_month,
        count(*) as request_count,
        sum(case when is_answered_fast then 1 else 0 end) as fast_count,
        sum(case when is_answered_slowly then 1 else 0 end) as slow_count,
        sum(case when is_answered then 0 else 1 end) as breach_count,
        sum(response_seconds) as response_seconds,
        count(distinct case when is_answered then account_id end) as customer_count
    from requests
    where not is_complaint
    group by employee_id, period_month

),

complaints as (

    select
        employee_id,
        period_month,
        sum(case when is_complaint then 1 else 0 end) as complaint_count,
        count(*) as contact_count
    from requests
    group by employee_id, period_month

),

final as (

    {{ measure_of('fast_response_rate', 'fast_count', 'request_count') }}
    from counted
    union all
    {{ measure_of('slow_response_rate', 'slow_count', 'request_count') }}
    from counted
    union all
    {{ measure_of('response_breaches', 'breach_count') }}
    from counted
    union all
    {{ measure_of('customer_response_time', 'response_seconds', 'customer_count') }}
    from counted
    where customer_count > 0
    union all
    {{ measure_of('complaint_rate', 'complaint_count', 'contact_count') }}
    from complaints

)

select * from final
