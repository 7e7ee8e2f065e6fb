{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#- Each payee's stage conversion beside the team's, of the deals created in the month (S2-06). -#}
with

stages as (

    select
        'conversion_to_' || later.pipeline_stage as measure,
        earlier.pipeline_stage as from_stage,
        later.pipeline_stage as to_stage,
        later.stage_order
    from {{ ref('policy_pipeline_stages') }} as later
    inner join {{ ref('policy_pipeline_stages') }} as earlier
        on later.stage_order = earlier.stage_order + 1

),

final as (

    select
        measures.employee_id,
        measures.team_id,
        stages.from_stage,
        stages.to_stage,
        stages.stage_order,
        measures.numerator,
        measures.denominator,
        measures.value as conversion_rate,
        team_measures.numerator as team_numerator,
        team_measures.denominator as team_denominator,
        team_measures.value as team_conversion_rate,
        measures.period_month
    from {{ ref('fct_measures') }} as measures
    inner join stages
        on measures.measure = stages.measure
    left join {{ ref('fct_team_measures') }} as team_measures
        on
            measures.team_id = team_measures.scope_id
            and measures.measure = team_measures.measure
            and measures.period_month = team_measures.period_month
            and team_measures.scope_type = 'team'
            and team_measures.period_kind = 'month'
    where {{ in_months('measures.period_month') }}

)

select * from final
