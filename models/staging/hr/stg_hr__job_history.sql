with

typed as (

    select
        cast(employee_id as {{ dbt.type_string() }}) as employee_id,
        cast(role as {{ dbt.type_string() }}) as role,
        cast(grade as {{ dbt.type_string() }}) as grade,
        cast(team_id as {{ dbt.type_string() }}) as team_id,
        cast(manager_id as {{ dbt.type_string() }}) as manager_id,
        cast(region as {{ dbt.type_string() }}) as region,
        cast(currency as {{ dbt.type_string() }}) as currency,
        cast(monthly_base_salary as decimal(18, 4)) as monthly_base_salary,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('hr', 'job_history') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['employee_id', 'valid_from'],
            then_by=[
                'role', 'grade', 'team_id', 'manager_id', 'region', 'currency',
                'monthly_base_salary', 'valid_to',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.employee_id,
        ranked.role,
        ranked.grade,
        ranked.team_id,
        ranked.manager_id,
        ranked.region,
        ranked.currency,
        ranked.monthly_base_salary,
        ranked.valid_from,
        ranked.valid_to,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
