{{ config(materialized='ephemeral') }}

{#- For the months built, by the day its opportunity was created. -#}
with

settings as (

    select company_time_zone
    from {{ ref('stg_policy__settings') }}

),

versions as (

    select *
    from {{ ref('base_crm__opportunity_stage_history') }}
    where opportunity_id in (
        select opportunities.opportunity_id
        from {{ ref('base_crm__opportunities') }} as opportunities
        where {{ in_months_utc('opportunities.landed_created_at') }}
    )

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['opportunity_id', 'pipeline_stage', 'entered_at'],
            then_by=[
                
            ],
        ) }} as version_rank
    from versions

),

final as (

    select
        ranked.opportunity_id,
        ranked.pipeline_stage,
        ranked.entered_at,
        {{ business_date('ranked.entered_at', 'settings.company_time_zone') }} as entered_date,
        ranked.loaded_at
    from ranked
    cross join settings
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
