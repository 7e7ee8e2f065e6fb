{{ config(materialized='by_month') }}

with

settings as (

    select *
    from {{ ref('stg_policy__settings') }}

),

requests as (

    select
        requests.*,
        {{ dbt.datediff('requests.requested_at', 'requests.first_responded_at', 'second') }}
            as elapsed_seconds,
        -- Where business hours count, the calendar's days are looked up; else nothing is (S2-04).
        case when settings.counts_business_hours then requests.requested_date end as requested_day,
        case when settings.counts_business_hours then requests.first_responded_date end as responded_day,
        {{ local_second('requests.requested_at', 'settings.company_time_zone') }} as requested_second,
        {{ local_second('requests.first_responded_at', 'settings.company_time_zone') }}
            as responded_second
    from {{ ref('stg_crm__service_requests') }} as requests
    cross join settings
    where requests.requested_date is not null

),

timed as (

    select
        requests.*,
        settings.fast_response_seconds,
        case
            when not settings.counts_business_hours then requests.elapsed_seconds
            else
                {{ business_seconds('responded_days', 'requests.responded_second', 'settings') }}
                - {{ business_seconds('requested_days', 'requests.requested_second', 'settings') }}
        end as response_seconds
    from requests
    cross join settings
    left join {{ ref('int_days') }} as requested_days
        on requests.requested_day = requested_days.calendar_day
    left join {{ ref('int_days') }} as responded_days
        on requests.responded_day = responded_days.calendar_day

),

final as (

    -- An unanswered request has no response time (S2-04); it is never 0 seconds.
    select
        request_id,
        account_id,
        employee_id,
        request_type,
        cast(response_seconds as bigint) as response_seconds,
        first_responded_at is not null as is_answered,
        coalesce(response_seconds <= fast_response_seconds, false) as is_answered_fast,
        {{ month_of('requested_date') }} as period_month,
        requested_date,
        requested_at,
        first_responded_at,
        resolved_at
    from timed

)

select * from final
