with

typed as (

    select
        cast(employee_id as {{ dbt.type_string() }}) as employee_id,
        cast(grade as {{ dbt.type_string() }}) as grade,
        cast(approved_by as {{ dbt.type_string() }}) as approved_by,
        cast(effective_from as date) as effective_from,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('hr', 'grade_changes') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['employee_id', 'effective_from'],
            then_by=[
                'grade', 'approved_by',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.employee_id,
        ranked.grade,
        ranked.approved_by,
        ranked.effective_from,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
