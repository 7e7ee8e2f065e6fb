{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#- What people are rated: each dimension is a measure of its name, where the plan has one (S0-10). -#}
with

final as (

    select
        ratings.ratee_id as employee_id,
        measures.measure,
        cast(sum(ratings.score) as decimal(18, 4)) as numerator,
        cast(count(*) as decimal(18, 4)) as denominator,
        {{ month_of('ratings.period_month') }} as period_month
    from {{ ref('stg_hr__ratings') }} as ratings
    inner join {{ ref('policy_measures') }} as measures
        on ratings.dimension || '_rating' = measures.measure
    where
        ratings.score is not null
        and {{ in_months('ratings.period_month') }}
    group by ratings.ratee_id, measures.measure, {{ month_of('ratings.period_month') }}

)

select * from final
