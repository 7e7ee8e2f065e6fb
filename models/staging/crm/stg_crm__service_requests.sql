{{ config(materialized='ephemeral') }}

with

settings as (

    select company_time_zone
    from {{ ref('stg_policy__settings') }}

),

ranked as (

    {{ ranked_versions(
        ref('base_crm__service_requests'),
        key='request_id',
        inside=in_months_utc('landed_requested_at'),
        then_by=[
            'account_id', 'employee_id', 'request_type', 'requested_at',
            'first_responded_at', 'resolved_at',
        ],
    ) }}

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
