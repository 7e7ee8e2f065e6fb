{{ config(materialized='by_month') }}

with

timed as (

    select
        requests.*,
        {{ dbt.datediff('requests.requested_at', 'requests.first_responded_at', 'second') }}
            as response_seconds,
        settings.fast_response_seconds
    from {{ ref('stg_crm__service_requests') }} as requests
    cross join {{ ref('stg_policy__settings') }} as settings

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
    where requested_date is not null

)

select * from final
