{{ config(materialized='ephemeral') }}

with

settings as (

    select company_time_zone
    from {{ ref('stg_policy__settings') }}

),

ranked as (

    {{ ranked_versions(
        ref('base_crm__activities'),
        key='activity_id',
        inside=in_months_utc('landed_occurred_at'),
        then_by=[
            'employee_id', 'account_id', 'contact_id', 'opportunity_id', 'activity_type',
            'outcome', 'duration_seconds', 'is_recontactable', 'occurred_at',
        ],
    ) }}

),

final as (

    select
        ranked.activity_id,
        ranked.employee_id,
        ranked.account_id,
        ranked.contact_id,
        ranked.opportunity_id,
        ranked.activity_type,
        ranked.outcome,
        ranked.duration_seconds,
        ranked.is_recontactable,
        ranked.occurred_at,
        {{ business_date('ranked.occurred_at', 'settings.company_time_zone') }} as occurred_date,
        ranked.loaded_at
    from ranked
    cross join settings
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
