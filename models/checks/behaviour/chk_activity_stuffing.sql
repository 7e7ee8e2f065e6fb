{#- Much more is logged than in the three months before, and less of it is a contact (S2-07). -#}
with

compared as (

    select
        volumes.employee_id,
        volumes.activity_count,
        volumes.contact_count,
        volumes.period_month,
        sum(earlier.activity_count) as earlier_activity_count,
        sum(earlier.contact_count) as earlier_contact_count
    from {{ ref('int_activity_volumes') }} as volumes
    inner join {{ ref('int_activity_volumes') }} as earlier
        on
            volumes.employee_id = earlier.employee_id
            and volumes.period_month > earlier.period_month
            and earlier.period_month >= {{ add_months('volumes.period_month', -3) }}
    group by
        volumes.employee_id, volumes.activity_count, volumes.contact_count, volumes.period_month
    having count(*) = 3

),

final as (

    -- Shares are compared by multiplying: contacts / activities, now and before.
    select
        compared.employee_id,
        compared.activity_count,
        compared.contact_count,
        compared.earlier_activity_count,
        compared.earlier_contact_count,
        compared.period_month
    from compared
    cross join {{ ref('stg_policy__check_thresholds') }} as thresholds
    where
        compared.activity_count >= thresholds.activity_stuffing_minimum_activities
        and compared.activity_count * 3
        >= thresholds.activity_stuffing_volume_growth * compared.earlier_activity_count
        and compared.contact_count * compared.earlier_activity_count
        <= thresholds.activity_stuffing_contact_share_kept
        * compared.earlier_contact_count * compared.activity_count

)

select * from final
