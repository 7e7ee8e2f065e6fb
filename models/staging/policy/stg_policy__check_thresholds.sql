with

thresholds as (

    select
        check_name,
        threshold,
        value
    from {{ ref('policy_check_thresholds') }}

),

final as (

    select
        max(case when check_name = 'activity_stuffing' and threshold = 'volume_growth' then value end)
            as activity_stuffing_volume_growth,
        max(case when check_name = 'activity_stuffing' and threshold = 'contact_share_kept' then value end)
            as activity_stuffing_contact_share_kept,
        max(case when check_name = 'activity_stuffing' and threshold = 'minimum_activities' then value end)
            as activity_stuffing_minimum_activities,
        max(case when check_name = 'quarter_end_pull_in' and threshold = 'last_days' then value end)
            as quarter_end_pull_in_last_days,
        max(case when check_name = 'quarter_end_pull_in' and threshold = 'booked_share' then value end)
            as quarter_end_pull_in_booked_share,
        max(case when check_name = 'quarter_end_pull_in' and threshold = 'minimum_deals' then value end)
            as quarter_end_pull_in_minimum_deals,
        max(case when check_name = 'hidden_pipeline' and threshold = 'days_to_win' then value end)
            as hidden_pipeline_days_to_win,
        max(case when check_name = 'hidden_pipeline' and threshold = 'minimum_deals' then value end)
            as hidden_pipeline_minimum_deals,
        max(case when check_name = 'cherry_picking' and threshold = 'amount_ratio' then value end)
            as cherry_picking_amount_ratio,
        max(case when check_name = 'cherry_picking' and threshold = 'minimum_deals' then value end)
            as cherry_picking_minimum_deals,
        max(case when check_name = 'discounting' and threshold = 'discount_share' then value end)
            as discounting_discount_share
    from thresholds

)

select * from final
