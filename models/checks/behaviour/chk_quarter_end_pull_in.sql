{#- Nearly all of a quarter is booked in its last days (S2-07). -#}
with

quarters as (

    select
        employee_id,
        sum(booked_amount) as booked_amount,
        sum(late_amount) as late_amount,
        sum(late_deal_count) as late_deal_count,
        quarter_start
    from {{ ref('int_quarter_ends') }}
    group by employee_id, quarter_start

),

final as (

    select
        quarters.employee_id,
        quarters.booked_amount,
        quarters.late_amount,
        quarters.late_deal_count,
        quarters.quarter_start
    from quarters
    cross join {{ ref('stg_policy__check_thresholds') }} as thresholds
    where
        quarters.late_deal_count >= thresholds.quarter_end_pull_in_minimum_deals
        and quarters.late_amount
        >= thresholds.quarter_end_pull_in_booked_share * quarters.booked_amount

)

select * from final
