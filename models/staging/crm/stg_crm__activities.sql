{{ config(materialized='ephemeral') }}

{#- For the months built. Only keys landed more than once are ranked: that is dear, and most are not. -#}
with

settings as (

    select company_time_zone
    from {{ ref('stg_policy__settings') }}

),

relanded as (

    {{ keys_landed_again(ref('base_crm__activities'), 'activity_id', in_months_utc('landed_occurred_at')) }}

),

ranked as (

    select
        landed.*,
        1 as version_rank
    from {{ ref('base_crm__activities') }} as landed
    left join relanded
        on landed.activity_id = relanded.activity_id
    where
        {{ in_months_utc('landed.landed_occurred_at') }}
        and relanded.activity_id is null
    union all
    select
        *,
        {{ version_rank(
            key=['activity_id'],
            then_by=[
                'employee_id', 'account_id', 'contact_id', 'opportunity_id',
                'activity_type', 'outcome', 'duration_seconds', 'is_recontactable',
                'occurred_at',
            ],
        ) }} as version_rank
    from (
        {{ versions_landed_again(
            ref('base_crm__activities'), 'activity_id', in_months_utc('landed_occurred_at')
        ) }}
    ) as again

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
