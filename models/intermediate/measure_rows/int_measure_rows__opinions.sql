{{ config(materialized='view') }}

{#- As int_measures__surveys and int_measures__ratings add them up. -#}
with

answers as (

    select
        surveys.employee_id,
        'crm.surveys' as landing_table,
        surveys.survey_id as row_key,
        cast(null as date) as row_day,
        {{ month_of('surveys.responded_date') }} as period_month,
        surveys.survey_type,
        surveys.score,
        case
            when surveys.score >= settings.promoter_from_score then 1
            when surveys.score <= settings.detractor_to_score then -1
            else 0
        end as promoted
    from {{ ref('stg_crm__surveys') }} as surveys
    cross join {{ ref('stg_policy__settings') }} as settings
    where
        surveys.employee_id is not null
        and surveys.score is not null
        and surveys.responded_date is not null

),

ratings as (

    select
        ratings.rating_id,
        ratings.ratee_id as employee_id,
        measures.measure,
        ratings.score,
        {{ month_of('ratings.period_month') }} as period_month
    from {{ ref('stg_hr__ratings') }} as ratings
    inner join {{ ref('policy_measures') }} as measures
        on ratings.dimension || '_rating' = measures.measure
    where ratings.score is not null

),

final as (

    {{ measure_row('satisfaction', 'score', 1) }}
    from answers
    where survey_type = 'csat'
    union all
    {{ measure_row('net_promoter_score', 'promoted', 1) }}
    from answers
    where survey_type = 'nps'
    union all
    select
        employee_id,
        measure,
        'hr.ratings' as landing_table,
        rating_id as row_key,
        cast(score as decimal(18, 4)) as numerator,
        cast(1 as decimal(18, 4)) as denominator,
        cast(null as date) as row_day,
        period_month
    from ratings

)

select * from final
