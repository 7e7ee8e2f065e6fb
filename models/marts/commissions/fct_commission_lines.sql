{{ config(materialized='by_month') }}

with

-- Sales in another currency than the plan's.
converted as (

    select
        transaction_id,
        employee_id,
        assignment_role,
        sale_currency,
        exchange_rate,
        period_month
    from {{ ref('int_commissionable_credits') }}
    where
        sale_currency is not null
        and {{ in_months('period_month') }}

),

final as (

    select
        lines.line_kind || '|' || lines.employee_id || '|' || lines.plan_id
        || coalesce('|' || lines.cap_period, '')
        || coalesce('|' || lines.transaction_id || '|' || lines.assignment_role, '')
        || coalesce('|' || cast(lines.tier_from as {{ dbt.type_string() }}), '')
        -- What is paid by the tier reached may have the lowest tier's bound beside what lies in it.
        || case when lines.is_floating then '|reached' else '' end
        || case
            when lines.line_kind = 'gated'
                then '|' || cast(lines.credited_month as {{ dbt.type_string() }})
            else ''
        end
        || case
            when lines.line_kind not in ('earned', 'reversed')
                then '|' || cast(lines.period_month as {{ dbt.type_string() }})
            else ''
        end as commission_line_id,
        lines.line_kind,
        lines.cap_period,
        lines.employee_id,
        lines.plan_id,
        lines.transaction_id,
        lines.assignment_role,
        lines.reverses_transaction_id,
        lines.product_class,
        lines.customer_class,
        lines.rate_class,
        lines.exception_reason,
        plans.currency,
        sales.sale_currency,
        sales.exchange_rate as sale_rate,
        cast(lines.quota_amount as decimal(18, 4)) as quota_amount,
        cast(lines.accumulated_before as decimal(18, 4)) as accumulated_before,
        cast(lines.tier_from as decimal(18, 4)) as tier_from,
        cast(lines.amount as decimal(18, 4)) as amount,
        cast(lines.rate as decimal(9, 6)) as rate,
        cast(lines.commission_amount as decimal(18, 4)) as commission_amount,
        payees.currency as pay_currency,
        {{ pay_rate('plans', 'payees', 'rates') }} as pay_rate,
        {{ pay_amount('lines.commission_amount', 'plans', 'payees', 'rates') }} as pay_amount,
        lines.period_month,
        lines.transaction_date,
        lines.credited_month
    from {{ ref('int_commission_line_sources') }} as lines
    inner join {{ ref('int_plan_currencies') }} as plans
        on lines.plan_id = plans.plan_id
    inner join {{ ref('int_pay_currencies') }} as payees
        on
            lines.employee_id = payees.employee_id
            and {{ holds_on('payees', add_days(add_months('lines.period_month', 1), -1)) }}
    left join {{ ref('int_pay_rates') }} as rates
        on
            plans.currency = rates.from_currency
            and payees.currency = rates.to_currency
            and lines.period_month = rates.period_month
    left join converted as sales
        on
            lines.transaction_id = sales.transaction_id
            and lines.employee_id = sales.employee_id
            and lines.assignment_role = sales.assignment_role
            and lines.period_month = sales.period_month

)

select * from final
