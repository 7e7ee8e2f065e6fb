{{ config(
    materialized='by_month',
    is_light=true,
    reach={'fct_scores': 'everything'},
) }}

{#-
    The mean score that decides who is at the top of a cut, over as many periods as the plan says,
    in each of which the payee must have been scored in the role (S0-12).
-#}
with

final as (

    select
        scores.employee_id,
        scores.period_kind,
        cast(
            {{ exact_quotient('sum(earlier.score) * 100', 'count(*) * 100', 10) }} as decimal(14, 10)
        ) as top_score,
        count(*) = max(cuts.top_window_periods) as has_top_window,
        scores.period_month
    from {{ ref('fct_scores') }} as scores
    inner join {{ ref('policy_promotion_cuts') }} as cuts
        on
            scores.role = cuts.role
            and scores.period_kind = cuts.period_kind
            and {{ holds_on('cuts', 'scores.period_month') }}
    inner join {{ ref('fct_scores') }} as earlier
        on
            scores.employee_id = earlier.employee_id
            and scores.role = earlier.role
            and scores.period_kind = earlier.period_kind
            and scores.period_month >= earlier.period_month
            and {{ add_months(
                'scores.period_month',
                "-cuts.top_window_periods * case scores.period_kind when 'month' then 1 else 3 end"
            ) }} < earlier.period_month
    group by scores.employee_id, scores.period_month, scores.period_kind

)

select * from final
