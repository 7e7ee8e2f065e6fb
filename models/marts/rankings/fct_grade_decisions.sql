with

reviewed as (

    select *
    from {{ ref('int_grade_outcomes') }}

),

-- Grades of the same place on other tracks of the role, where a rise may lead as well.
alternatives as (

    select
        reviewed.employee_id,
        reviewed.period_month,
        reviewed.period_kind,
        reviewed.method,
        min(ladder.grade) as alternative_grade
    from reviewed
    inner join {{ ref('policy_grade_ladder') }} as ladder
        on
            reviewed.role = ladder.role
            and reviewed.track <> ladder.track
            and reviewed.proposed_grade_rank = ladder.grade_rank
    where reviewed.proposed_grade_rank > reviewed.grade_rank
    group by
        reviewed.employee_id, reviewed.period_month, reviewed.period_kind, reviewed.method

),

-- HR's decision comes back through landing: the first change approved after the period.
approvals as (

    select
        reviewed.employee_id,
        reviewed.period_month,
        reviewed.period_kind,
        reviewed.method,
        changes.grade as approved_grade,
        changes.approved_by,
        changes.effective_from,
        row_number() over (
            partition by
                reviewed.employee_id, reviewed.period_month, reviewed.period_kind, reviewed.method
            order by changes.effective_from
        ) as change_rank
    from reviewed
    inner join {{ ref('stg_hr__grade_changes') }} as changes
        on
            reviewed.employee_id = changes.employee_id
            and reviewed.period_month < changes.effective_from
            and changes.approved_by is not null

),

final as (

    select
        reviewed.employee_id,
        reviewed.period_kind,
        reviewed.method,
        reviewed.role,
        reviewed.track,
        reviewed.grade,
        case
            when reviewed.proposed_grade_rank > reviewed.grade_rank then 'up'
            when reviewed.proposed_grade_rank < reviewed.grade_rank then 'down'
            else 'none'
        end as direction,
        proposed.grade as proposed_grade,
        alternatives.alternative_grade,
        reviewed.reason,
        approvals.approved_by,
        approvals.approved_grade,
        reviewed.score,
        reviewed.top_score,
        reviewed.actual_amount,
        reviewed.target_amount,
        reviewed.rank,
        reviewed.ranked_count,
        reviewed.top_ranked_count,
        reviewed.top_slots,
        reviewed.bottom_slots,
        coalesce(
            approvals.approved_grade in (proposed.grade, alternatives.alternative_grade), false
        ) as is_approved,
        reviewed.period_month,
        approvals.effective_from as approved_from
    from reviewed
    left join {{ ref('policy_grade_ladder') }} as proposed
        on
            reviewed.role = proposed.role
            and reviewed.track = proposed.track
            and reviewed.proposed_grade_rank = proposed.grade_rank
    left join alternatives
        on
            reviewed.employee_id = alternatives.employee_id
            and reviewed.period_month = alternatives.period_month
            and reviewed.period_kind = alternatives.period_kind
            and reviewed.method = alternatives.method
    left join approvals
        on
            reviewed.employee_id = approvals.employee_id
            and reviewed.period_month = approvals.period_month
            and reviewed.period_kind = approvals.period_kind
            and reviewed.method = approvals.method
            and approvals.change_rank = 1

)

select * from final
