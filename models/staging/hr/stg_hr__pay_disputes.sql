with

typed as (

    select
        cast(dispute_id as {{ dbt.type_string() }}) as dispute_id,
        cast(employee_id as {{ dbt.type_string() }}) as employee_id,
        cast(component as {{ dbt.type_string() }}) as component,
        cast(commission_line_id as {{ dbt.type_string() }}) as commission_line_id,
        cast(measure as {{ dbt.type_string() }}) as measure,
        cast(currency as {{ dbt.type_string() }}) as currency,
        cast(reason as {{ dbt.type_string() }}) as reason,
        cast(outcome as {{ dbt.type_string() }}) as outcome,
        cast(outcome_reason as {{ dbt.type_string() }}) as outcome_reason,
        cast(decided_by as {{ dbt.type_string() }}) as decided_by,
        cast(adjustment_id as {{ dbt.type_string() }}) as adjustment_id,
        cast(claimed_amount as decimal(18, 4)) as claimed_amount,
        cast(statement_month as date) as statement_month,
        cast(raised_on as date) as raised_on,
        cast(decided_on as date) as decided_on,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('hr', 'pay_disputes') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['dispute_id'],
            then_by=[
                'employee_id', 'component', 'commission_line_id', 'measure', 'currency', 'reason',
                'outcome', 'outcome_reason', 'decided_by', 'adjustment_id', 'claimed_amount',
                'statement_month', 'raised_on', 'decided_on',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.dispute_id,
        ranked.employee_id,
        ranked.component,
        ranked.commission_line_id,
        ranked.measure,
        ranked.currency,
        ranked.reason,
        ranked.outcome,
        ranked.outcome_reason,
        ranked.decided_by,
        ranked.adjustment_id,
        ranked.claimed_amount,
        ranked.statement_month,
        ranked.raised_on,
        ranked.decided_on,
        ranked.loaded_at
    from ranked
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
