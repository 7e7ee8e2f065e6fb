{#- Each payee's outcome of each review of grades, by whatever method, with the figures it rests on. -#}
with

final as (

    select
        employee_id,
        period_kind,
        'percentile_cut' as method,
        role,
        track,
        grade,
        reason,
        score,
        top_score,
        cast(null as decimal(18, 4)) as actual_amount,
        cast(null as decimal(18, 4)) as target_amount,
        rank,
        ranked_count,
        top_ranked_count,
        top_slots,
        bottom_slots,
        grade_rank,
        proposed_grade_rank,
        period_month
    from {{ source('orchestration', 'fct_promotion_cuts') }}
    union all
    select
        employee_id,
        period_kind,
        'target_share' as method,
        role,
        track,
        grade,
        reason,
        cast(null as decimal(14, 10)) as score,
        cast(null as decimal(14, 10)) as top_score,
        actual_amount,
        target_amount,
        cast(null as integer) as rank,
        cast(null as integer) as ranked_count,
        cast(null as integer) as top_ranked_count,
        cast(null as integer) as top_slots,
        cast(null as integer) as bottom_slots,
        grade_rank,
        proposed_grade_rank,
        period_month
    from {{ ref('int_grade_reviews') }}

)

select * from final
