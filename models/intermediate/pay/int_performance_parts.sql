{{ config(materialized='ephemeral') }}

{#-
    What each score item makes of performance pay, and what protection, a floor, a curve over the whole score
    and rounding make of the items.
-#}
with

salaries as (

    select *
    from {{ ref('int_salaries') }}

),

-- The salary at risk of a score's whole period.
risks as (

    select
        scores.employee_id,
        scores.period_kind,
        salaries.currency,
        scores.period_month,
        sum(salaries.salary_at_risk) as salary_at_risk
    from {{ ref('fct_scores') }} as scores
    inner join {{ ref('dim_periods') }} as periods
        on scores.period_month = periods.period_month
    inner join salaries
        on
            scores.employee_id = salaries.employee_id
            and scores.period_month >= salaries.period_month
            and case scores.period_kind
                when 'month' then periods.period_month
                when 'quarter' then periods.quarter_start
            end <= salaries.period_month
    group by scores.employee_id, scores.period_kind, salaries.currency, scores.period_month

),

scored as (

    select
        items.employee_id,
        items.period_kind || '|' || items.measure || '|' || items.scope as source_id,
        risks.currency,
        round(risks.salary_at_risk * items.weighted_factor, 4) as amount,
        items.period_month
    from {{ ref('fct_score_items') }} as items
    inner join risks
        on
            items.employee_id = risks.employee_id
            and items.period_kind = risks.period_kind
            and items.period_month = risks.period_month

),

item_sums as (

    select
        employee_id,
        currency,
        period_month,
        sum(amount) as amount
    from scored
    group by employee_id, currency, period_month

),

final as (

    select
        employee_id,
        'score_item' as source_kind,
        source_id,
        currency,
        amount,
        period_month
    from scored
    union all
    select
        components.employee_id,
        'score' as source_kind,
        cast(null as {{ dbt.type_string() }}) as source_id,
        components.currency,
        components.amount - coalesce(item_sums.amount, 0) as amount,
        components.period_month
    from {{ ref('fct_pay_components') }} as components
    left join item_sums
        on
            components.employee_id = item_sums.employee_id
            and components.currency = item_sums.currency
            and components.period_month = item_sums.period_month
    where components.component = 'performance'

)

select * from final
