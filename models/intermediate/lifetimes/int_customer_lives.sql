{#-
    From when to when a customer was one. As long as a contract runs, or may still be renewed in
    time, the customer lives; what it will bring is not known yet (S2-05).
-#}
with

contracts as (

    select
        account_id,
        signed_on,
        case when cancelled_on < ends_on or ends_on is null then cancelled_on else ends_on end
            as ended_on,
        cancelled_on is not null and (ends_on is null or cancelled_on < ends_on) as is_cancelled
    from {{ ref('stg_billing__contracts') }}
    where account_id is not null

),

judged as (

    select
        contracts.account_id,
        contracts.signed_on,
        contracts.ended_on,
        case
            when contracts.ended_on is null then 1
            when contracts.is_cancelled and contracts.ended_on <= known.known_on then 0
            when
                known.known_on
                <= {{ add_days('contracts.ended_on', 'settings.renewal_grace_days') }}
                then 1
            else 0
        end as lives
    from contracts
    cross join {{ ref('int_known_day') }} as known
    cross join {{ ref('stg_policy__settings') }} as settings

),

final as (

    select
        account_id,
        max(lives) = 1 as is_living,
        min(signed_on) as first_signed_on,
        case when max(lives) = 0 then max(ended_on) end as ended_on
    from judged
    group by account_id

)

select * from final
