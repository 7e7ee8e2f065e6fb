{{ config(materialized='by_month') }}

{#-
    Of the deals that ever were in a stage, how many ever were in the next (S2-06), by the month they
    were created in. A stage counts once however often it was entered. Whether a skipped one counts
    as passed is a setting; where it does not, a rate can pass 100 %.
-#}
with

stages as (

    select
        pipeline_stage,
        stage_order,
        lag(stage_order) over (order by stage_order) as previous_order
    from {{ ref('policy_pipeline_stages') }}

),

entered as (

    select
        opportunity_id,
        owner_id,
        stage_order,
        period_month
    from {{ ref('fct_opportunity_stages') }}
    where
        owner_id is not null
        and stage_order is not null
        and {{ in_months('period_month') }}

),

furthest as (

    select
        opportunity_id,
        owner_id,
        period_month,
        max(stage_order) as furthest_order
    from entered
    group by opportunity_id, owner_id, period_month

),

reached as (

    select
        entered.owner_id as employee_id,
        entered.stage_order,
        entered.period_month,
        count(*) as deal_count
    from entered
    cross join {{ ref('stg_policy__settings') }} as settings
    where not settings.skipped_stage_counts_as_passed
    group by entered.owner_id, entered.stage_order, entered.period_month
    union all
    select
        furthest.owner_id as employee_id,
        stages.stage_order,
        furthest.period_month,
        count(*) as deal_count
    from furthest
    cross join {{ ref('stg_policy__settings') }} as settings
    inner join stages
        on furthest.furthest_order >= stages.stage_order
    where settings.skipped_stage_counts_as_passed
    group by furthest.owner_id, stages.stage_order, furthest.period_month

),

-- A deal in the later stage stands in the numerator, one in the earlier in the denominator.
sides as (

    select
        reached.employee_id,
        stages.pipeline_stage,
        reached.deal_count as later_count,
        0 as earlier_count,
        reached.period_month
    from reached
    inner join stages
        on reached.stage_order = stages.stage_order
    where stages.previous_order is not null
    union all
    select
        reached.employee_id,
        stages.pipeline_stage,
        0 as later_count,
        reached.deal_count as earlier_count,
        reached.period_month
    from reached
    inner join stages
        on reached.stage_order = stages.previous_order

),

final as (

    select
        employee_id,
        'conversion_to_' || pipeline_stage as measure,
        cast(sum(later_count) as decimal(18, 4)) as numerator,
        cast(sum(earlier_count) as decimal(18, 4)) as denominator,
        period_month
    from sides
    group by employee_id, pipeline_stage, period_month

)

select * from final
