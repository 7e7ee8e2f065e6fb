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

    select
        employee_id,
        'fast_response_rate' as measure,
        cast(fast_count as decimal(18, 4)) as numerator,
        cast(request_count as decimal(18, 4)) as denominator,
        period_month
    from counted
    union all
    select
        employee_id,
        'slow_response_rate' as measure,
        cast(slow_count as decimal(18, 4)) as numerator,
        cast(request_count as decimal(18, 4)) as denominator,
        period_month
    from counted
    union all
    select
        employee_id,
        'response_breaches' as measure,
        cast(breach_count as decimal(18, 4)) as numerator,
        cast(null as decimal(18, 4)) as denominator,
        period_month
    from counted
    union all
    select
        employee_id,
        'customer_response_time' as measure,
        cast(response_seconds as decimal(18, 4)) as numerator,
        cast(customer_count as decimal(18, 4)) as denominator,
        period_month
    from counted
    where customer_count > 0
    union all
    select
        employee_id,
        'complaint_rate' as measure,
        cast(complaint_count as decimal(18, 4)) as numerator,
        cast(contact_count as decimal(18, 4)) as denominator,
        period_month
    from complaints

)

select * from final
