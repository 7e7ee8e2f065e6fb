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

-- Its key is all that an entry has: of its versions none is better than another, and none has to be ranked.
newest as (

    select
        opportunity_id,
        pipeline_stage,
        entered_at,
        max(loaded_at) as loaded_at
    from versions
    group by opportunity_id, pipeline_stage, entered_at
    having not {{ is_newest_deleted('is_deleted', 'loaded_at') }}

),

final as (

    select
        newest.opportunity_id,
        newest.pipeline_stage,
        newest.entered_at,
        {{ business_date('newest.entered_at', 'settings.company_time_zone') }} as entered_date,
        newest.loaded_at
    from newest
    cross join settings

)

select * from final
