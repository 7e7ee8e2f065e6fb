{{ config(materialized='by_month') }}

with

stages as (

    select
        opportunity_id,
        pipeline_stage,
        count(*) as entry_count,
        min(entered_at) as first_entered_at,
        max(entered_at) as last_entered_at,
        min(entered_date) as first_entered_date
    from {{ ref('stg_crm__opportunity_stage_history') }}
    group by opportunity_id, pipeline_stage

),

final as (

    select
        stages.opportunity_id,
        stages.pipeline_stage,
        opportunities.account_id,
        opportunities.owner_id,
        pipeline.stage_order,
        cast(stages.entry_count as integer) as entry_count,
        opportunities.period_month,
        stages.first_entered_date,
        stages.first_entered_at,
        stages.last_entered_at
    from stages
    inner join {{ ref('fct_opportunities') }} as opportunities
        on stages.opportunity_id = opportunities.opportunity_id
    left join {{ ref('policy_pipeline_stages') }} as pipeline
        on stages.pipeline_stage = pipeline.pipeline_stage
    where {{ in_months('opportunities.period_month') }}

)

select * from final
