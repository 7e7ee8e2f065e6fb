{{ config(materialized='view') }}

{#- As int_measures__conversions counts them: a deal's rows are the stages that it was in. -#}
with

stages as (

    select
        pipeline_stage,
        stage_order,
        lag(stage_order) over (order by stage_order) as previous_order
    from {{ ref('policy_pipeline_stages') }}

),

furthest as (

    select
        opportunity_id,
        owner_id as employee_id,
        period_month,
        max(stage_order) as furthest_order
    from {{ ref('fct_opportunity_stages') }}
    where
        owner_id is not null
        and stage_order is not null
    group by opportunity_id, owner_id, period_month

),

-- Where a skipped stage does not count as passed, only those that a deal was in are reached.
reached as (

    select
        furthest.opportunity_id,
        furthest.employee_id,
        furthest.period_month,
        stages.stage_order
    from furthest
    cross join {{ ref('stg_policy__settings') }} as settings
    inner join stages
        on furthest.furthest_order >= stages.stage_order
    left join {{ ref('fct_opportunity_stages') }} as entered
        on
            furthest.opportunity_id = entered.opportunity_id
            and stages.pipeline_stage = entered.pipeline_stage
    where
        settings.skipped_stage_counts_as_passed
        or entered.opportunity_id is not null

),

sides as (

    select
        reached.opportunity_id,
        reached.employee_id,
        reached.period_month,
        'conversion_to_' || stages.pipeline_stage as measure,
        case when reached.stage_order = stages.stage_order then 1 else 0 end as is_later
    from reached
    inner join stages
        on reached.stage_order in (stages.stage_order, stages.previous_order)
    where stages.previous_order is not null

),

final as (

    -- A deal in the later stage stands in the numerator, one in the earlier in the denominator.
    select
        employee_id,
        measure,
        'crm.opportunity_stage_history' as landing_table,
        opportunity_id as row_key,
        cast(is_later as decimal(18, 4)) as numerator,
        cast(1 - is_later as decimal(18, 4)) as denominator,
        cast(null as date) as row_day,
        period_month
    from sides

)

select * from final
