with

cuts as (

    select *
    from {{ source('orchestration', 'fct_promotion_cuts') }}
    where proposed_grade_rank <> grade_rank

),

-- HR's decision comes back through landing (S0-13): the first change approved after the period.
approvals as (

    select
        cuts.employee_id,
        cuts.period_month,
        cuts.period_kind,
        changes.grade as approved_grade,
        changes.approved_by,
        changes.effective_from,
        row_number() over (
            partition by cuts.employee_id, cuts.period_month, cuts.period_kind
            order by changes.effective_from
        ) as change_rank
    from cuts
    inner join {{ ref('stg_hr__grade_changes') }} as changes
        on
            cuts.employee_id = changes.employee_id
            and cuts.period_month < changes.effective_from

),

final as (

    select
        cuts.employee_id,
        cuts.period_kind,
        cuts.role,
        cuts.grade,
        ladder.grade as proposed_grade,
        case
            when cuts.proposed_grade_rank > cuts.grade_rank then 'up'
            else 'down'
        end as direction,
        approvals.approved_by,
        coalesce(approvals.approved_grade = ladder.grade, false) as is_approved,
        cuts.period_month,
        case when approvals.approved_grade = ladder.grade then approvals.effective_from end
            as effective_from
    from cuts
    inner join {{ ref('policy_grade_ladder') }} as ladder
        on
            cuts.role = ladder.role
            and cuts.proposed_grade_rank = ladder.grade_rank
    left join approvals
        on
            cuts.employee_id = approvals.employee_id
            and cuts.period_month = approvals.period_month
            and cuts.period_kind = approvals.period_kind
            and approvals.change_rank = 1

)

select * from final
