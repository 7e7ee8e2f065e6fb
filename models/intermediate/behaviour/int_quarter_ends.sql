{{ config(materialized='by_month') }}

{#- Bookings of a month, and those of the last days of its quarter (S2-07). -#}
with

booked as (

    select
        credits.employee_id,
        credits.credit_amount,
        credits.period_month,
        periods.quarter_start,
        credits.transaction_date
        >= {{ add_days('periods.next_quarter', '-cast(thresholds.quarter_end_pull_in_last_days as integer)') }}
            as is_late
    from {{ ref('fct_credits') }} as credits
    inner join {{ ref('dim_periods') }} as periods
        on credits.period_month = periods.period_month
    cross join {{ ref('stg_policy__check_thresholds') }} as thresholds
    where
        credits.transaction_kind = 'booked'
        and credits.credit_kind = 'direct'
        and {{ in_months('credits.period_month') }}

),

final as (

    select
        employee_id,
        count(*) as deal_count,
        sum(credit_amount) as booked_amount,
        sum(case when is_late then 1 else 0 end) as late_deal_count,
        sum(case when is_late then credit_amount else 0 end) as late_amount,
        period_month,
        quarter_start
    from booked
    group by employee_id, period_month, quarter_start

)

select * from final
