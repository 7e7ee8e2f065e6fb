{{ config(
    materialized='incremental',
    incremental_strategy='by_month',
    on_schema_change='fail',
) }}

-- depends_on: {{ ref('base_crm__activities') }}
-- depends_on: {{ ref('stg_crm__activities') }}

with

newest as (

    {% if has_month_window() %}
    -- A version outside the months can replace one inside: keys are taken from the months,
    -- versions of those keys from everywhere.
    select *
    from (
        select
            versions.*,
            {{ version_rank(
                key=['activity_id'],
                then_by=[
                    'employee_id', 'account_id', 'contact_id', 'opportunity_id',
                    'activity_type', 'outcome', 'duration_seconds', 'is_recontactable',
                    'occurred_at',
                ],
            ) }} as version_rank
        from {{ ref('base_crm__activities') }} as versions
        where versions.activity_id in (
            select inside.activity_id
            from {{ ref('base_crm__activities') }} as inside
            where {{ in_instant_window('inside.occurred_at') }}
        )
    ) as ranked
    where version_rank = 1 and not is_deleted
    {% else %}
    select *
    from {{ ref('stg_crm__activities') }}
    {% endif %}

),

dated as (

    select
        newest.*,
        {{ business_date('newest.occurred_at', 'settings.company_time_zone') }} as activity_date
    from newest
    cross join {{ ref('stg_policy__settings') }} as settings

),

final as (

    select
        activity_id,
        employee_id,
        account_id,
        contact_id,
        opportunity_id,
        activity_type,
        outcome,
        duration_seconds,
        coalesce(is_recontactable, false) as is_recontactable,
        {{ month_of('activity_date') }} as period_month,
        activity_date,
        occurred_at
    from dated
    where activity_date is not null

)

select *
from final
where {{ in_month_window('period_month') }}
