with

typed as (

    select
        cast(employee_id as {{ dbt.type_string() }}) as employee_id,
        cast(full_name as {{ dbt.type_string() }}) as full_name,
        cast(hire_date as date) as hire_date,
        cast(leave_date as date) as leave_date,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('hr', 'employees') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['employee_id'],
            then_by=[
                'full_name', 'hire_date', 'leave_date',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.employee_id,
        ranked.full_name,
        ranked.hire_date,
        ranked.leave_date,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
