{{ config(materialized='by_month') }}

{#- Requests answered within the fast limit (S2-04); an unanswered one is in the denominator. -#}
with

counted as (

    select
        employee_id,
        period_month,
        sum(case when is_answered_fast then 1 else 0 end) as fast_count,
        count(*) as request_count
    from {{ ref('fct_service_requests') }}
    where
        employee_id is not null
        and {{ in_months('period_month') }}
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

)

select * from final
