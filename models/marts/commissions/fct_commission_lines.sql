{{ config(materialized='by_month') }}

with

currency as (

    select company_currency as currency
    from {{ ref('stg_policy__settings') }}

),

lines as (

    select
        line_kind,
        employee_id,
        plan_id,
        transaction_id,
        assignment_role,
        reverses_transaction_id,
        product_class,
        customer_class,
        exception_reason,
        quota_amount,
        accumulated_before,
        tier_from,
        amount,
        rate,
        commission_amount,
        is_floating,
        period_month,
        transaction_date
    from {{ ref('int_commission_parts') }}
    where {{ in_months('period_month') }}
    union all
    select
        'capped' as line_kind,
        employee_id,
        plan_id,
        cast(null as {{ dbt.type_string() }}) as transaction_id,
        cast(null as {{ dbt.type_string() }}) as assignment_role,
        cast(null as {{ dbt.type_string() }}) as reverses_transaction_id,
        cast(null as {{ dbt.type_string() }}) as product_class,
        cast(null as {{ dbt.type_string() }}) as customer_class,
        cast(null as {{ dbt.type_string() }}) as exception_reason,
        cast(null as decimal(18, 4)) as quota_amount,
        cast(null as decimal(18, 4)) as accumulated_before,
        cast(null as decimal(18, 4)) as tier_from,
        cast(null as decimal(18, 4)) as amount,
        cast(null as decimal(9, 6)) as rate,
        commission_amount,
        false as is_floating,
        period_month,
        cast(null as date) as transaction_date
    from {{ ref('int_cap_lines') }}
    where {{ in_months('period_month') }}

),

final as (

    select
        lines.line_kind || '|' || lines.employee_id || '|' || lines.plan_id || '|'
        || coalesce(
            lines.transaction_id || '|' || lines.assignment_role || '|'
            || cast(lines.tier_from as {{ dbt.type_string() }})
            -- What is paid by the tier reached may have the lowest tier's bound beside what lies in it.
            || case when lines.is_floating then '|reached' else '' end
            || case
                when lines.line_kind = 'trued_up'
                    then '|' || cast(lines.period_month as {{ dbt.type_string() }})
                else ''
            end,
            cast(lines.period_month as {{ dbt.type_string() }})
        ) as commission_line_id,
        lines.line_kind,
        lines.employee_id,
        lines.plan_id,
        lines.transaction_id,
        lines.assignment_role,
        lines.reverses_transaction_id,
        lines.product_class,
        lines.customer_class,
        lines.exception_reason,
        currency.currency,
        cast(lines.quota_amount as decimal(18, 4)) as quota_amount,
        cast(lines.accumulated_before as decimal(18, 4)) as accumulated_before,
        cast(lines.tier_from as decimal(18, 4)) as tier_from,
        cast(lines.amount as decimal(18, 4)) as amount,
        cast(lines.rate as decimal(9, 6)) as rate,
        cast(lines.commission_amount as decimal(18, 4)) as commission_amount,
        lines.period_month,
        lines.transaction_date
    from lines
    cross join currency

)

select * from final
