{{ config(
    materialized='by_month',
    reach={'int_payee_months': 'quarter'},
) }}

{#-
    Everyone whom a percentile cut looks at, with the cut's rule and the payee's place on the ladder
    (S0-12). The cut itself is fct_promotion_cuts, in Python.
-#}
with

ladder_ends as (

    select
        role,
        track,
        min(grade_rank) as lowest_grade_rank,
        max(grade_rank) as highest_grade_rank
    from {{ ref('policy_grade_ladder') }}
    group by role, track

),

periods as (

    select
        period_month,
        quarter_start,
        next_month
    from {{ ref('dim_periods') }}
    where is_whole

),

-- Employed for the whole period: every month of it, from first to last day.
presence as (

    select
        scores.employee_id,
        scores.period_month,
        scores.period_kind,
        count(*) = case scores.period_kind when 'month' then 1 else 3 end as is_employed_throughout
    from {{ ref('fct_scores') }} as scores
    inner join periods
        on scores.period_month = periods.period_month
    inner join {{ ref('int_payee_months') }} as payees
        on
            scores.employee_id = payees.employee_id
            and payees.is_employed_throughout
            and scores.period_month >= payees.period_month
            and case scores.period_kind
                when 'month' then periods.period_month
                else periods.quarter_start
            end <= payees.period_month
    group by scores.employee_id, scores.period_month, scores.period_kind

),

final as (

    select
        scores.employee_id,
        scores.period_kind,
        scores.role,
        ladder.track,
        scores.grade,
        case cuts.pool_scope
            when 'role_region' then scores.role || ' / ' || coalesce(scores.region, '')
            else scores.role
        end as pool,
        scores.score,
        windows.top_score,
        cuts.top_share,
        cuts.bottom_share,
        cuts.top_ties,
        cuts.bottom_ties,
        cuts.minimum_pool,
        ladder.grade_rank,
        ladder_ends.lowest_grade_rank,
        ladder_ends.highest_grade_rank,
        scores.is_protected,
        coalesce(presence.is_employed_throughout, false) as is_employed_throughout,
        windows.has_top_window,
        scores.period_month
    from {{ ref('fct_scores') }} as scores
    inner join periods
        on scores.period_month = periods.period_month
    inner join {{ ref('policy_promotion_cuts') }} as cuts
        on
            scores.role = cuts.role
            and scores.period_kind = cuts.period_kind
            and {{ holds_on('cuts', 'scores.period_month') }}
    inner join {{ ref('int_top_windows') }} as windows
        on
            scores.employee_id = windows.employee_id
            and scores.period_month = windows.period_month
            and scores.period_kind = windows.period_kind
    left join presence
        on
            scores.employee_id = presence.employee_id
            and scores.period_month = presence.period_month
            and scores.period_kind = presence.period_kind
    left join {{ ref('policy_grade_ladder') }} as ladder
        on
            scores.role = ladder.role
            and scores.grade = ladder.grade
    left join ladder_ends
        on
            ladder.role = ladder_ends.role
            and ladder.track = ladder_ends.track

)

select * from final
