with

typed as (

    select
        cast(employee_id as {{ dbt.type_string() }}) as employee_id,
        cast(plan_id as {{ dbt.type_string() }}) as plan_id,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('hr', 'plan_assignments') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['employee_id', 'valid_from'],
            then_by=[
                'plan_id', 'valid_to',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.employee_id,
        ranked.plan_id,
        ranked.valid_from,
        ranked.valid_to,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
