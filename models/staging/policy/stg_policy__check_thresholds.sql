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
        {{ threshold('activity_stuffing', 'volume_growth') }},
        {{ threshold('activity_stuffing', 'contact_share_kept') }},
        {{ threshold('activity_stuffing', 'minimum_activities') }},
        {{ threshold('quarter_end_pull_in', 'last_days') }},
        {{ threshold('quarter_end_pull_in', 'booked_share') }},
        {{ threshold('quarter_end_pull_in', 'minimum_deals') }},
        {{ threshold('hidden_pipeline', 'days_to_win') }},
        {{ threshold('hidden_pipeline', 'minimum_deals') }},
        {{ threshold('cherry_picking', 'amount_ratio') }},
        {{ threshold('cherry_picking', 'minimum_deals') }},
        {{ threshold('discounting', 'discount_share') }},
        {{ threshold('targets_unchanged', 'days') }}
    from thresholds

)

select * from final
