{{ config(materialized='ephemeral') }}

{#- For the months built. Only keys landed more than once are ranked: that is dear, and most are not. -#}
with

settings as (

    select company_time_zone
    from {{ ref('stg_policy__settings') }}

),

relanded as (

    {{ keys_landed_again(
        ref('base_crm__service_requests'), 'request_id', in_months_utc('landed_requested_at')
    ) }}

),

ranked as (

    select
        landed.*,
        1 as version_rank
    from {{ ref('base_crm__service_requests') }} as landed
    left join relanded
        on landed.request_id = relanded.request_id
    where
        {{ in_months_utc('landed.landed_requested_at') }}
        and relanded.request_id is null
    union all
    select
        *,
        {{ version_rank(
            key=['request_id'],
            then_by=[
                'account_id', 'employee_id', 'request_type', 'requested_at',
                'first_responded_at', 'resolved_at',
            ],
        ) }} as version_rank
    from (
        {{ versions_landed_again(
            ref('base_crm__service_requests'), 'request_id', in_months_utc('landed_requested_at')
        ) }}
    ) as again

),

final as (

    select
        ranked.request_id,
        ranked.account_id,
        ranked.employee_id,
        ranked.request_type,
        ranked.requested_at,
        {{ business_date('ranked.requested_at', 'settings.company_time_zone') }} as requested_date,
        ranked.first_responded_at,
        {{ business_date('ranked.first_responded_at', 'settings.company_time_zone') }} as first_responded_date,
        ranked.resolved_at,
        {{ business_date('ranked.resolved_at', 'settings.company_time_zone') }} as resolved_date,
        ranked.loaded_at
    from ranked
    cross join settings
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
