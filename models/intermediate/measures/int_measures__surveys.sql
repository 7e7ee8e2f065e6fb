{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#- What customers answered (S3-01). -#}
with

answers as (

    select
        surveys.employee_id,
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
        and {{ in_months('surveys.responded_date') }}

),

summed as (

    select
        employee_id,
        period_month,
        survey_type,
        sum(score) as score,
        sum(promoted) as promoted,
        count(*) as answer_count
    from answers
    group by employee_id, period_month, survey_type

),

final as (

    {{ measure_of('satisfaction', 'score', 'answer_count') }}
    from summed
    where survey_type = 'csat'
    union all
    {{ measure_of('net_promoter_score', 'promoted', 'answer_count') }}
    from summed
    where survey_type = 'nps'

)

select * from final
