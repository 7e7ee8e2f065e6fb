with

settings as (

    select company_time_zone
    from {{ ref('stg_policy__settings') }}

),

typed as (

    select
        cast(opportunity_id as {{ dbt.type_string() }}) as opportunity_id,
        cast(pipeline_stage as {{ dbt.type_string() }}) as pipeline_stage,
        {{ instant('entered_at') }} as entered_at,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('crm', 'opportunity_stage_history') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['opportunity_id', 'pipeline_stage', 'entered_at'],
            then_by=[
                
            ],
        ) }} as version_rank
    from typed

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
