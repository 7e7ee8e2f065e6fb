with

final as (

    select
        employee_id,
        period_kind,
        method,
        role,
        grade,
        proposed_grade,
        alternative_grade,
        direction,
        approved_by,
        is_approved,
        period_month,
        case when is_approved then approved_from end as effective_from
    from {{ ref('fct_grade_decisions') }}
    where direction <> 'none'

)

select * from final
