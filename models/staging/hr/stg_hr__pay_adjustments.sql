with

typed as (

    select
        cast(adjustment_id as {{ dbt.type_string() }}) as adjustment_id,
        cast(employee_id as {{ dbt.type_string() }}) as employee_id,
        cast(currency as {{ dbt.type_string() }}) as currency,
        cast(reason as {{ dbt.type_string() }}) as reason,
        cast(requested_by as {{ dbt.type_string() }}) as requested_by,
        cast(approved_by as {{ dbt.type_string() }}) as approved_by,
        cast(amount as decimal(18, 4)) as amount,
        cast(period_month as date) as period_month,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('hr', 'pay_adjustments') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['adjustment_id'],
            then_by=[
                'employee_id', 'currency', 'reason', 'requested_by', 'approved_by',
                'amount', 'period_month',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.adjustment_id,
        ranked.employee_id,
        ranked.currency,
        ranked.reason,
        ranked.requested_by,
        ranked.approved_by,
        ranked.amount,
        ranked.period_month,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
