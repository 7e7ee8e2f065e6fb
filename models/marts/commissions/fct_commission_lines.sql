{{ config(materialized='by_month') }}

{%- set nothing = 'cast(null as ' ~ dbt.type_string() ~ ')' %}
{%- set no_amount = 'cast(null as decimal(18, 4))' %}

with

currency as (

    select company_currency as currency
    from {{ ref('stg_policy__settings') }}

),

lines as (

    select
        line_kind,
        {{ nothing }} as cap_period,
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
        transaction_date,
        {{ month_of('credited_on') }} as credited_month
    from {{ ref('int_commission_parts') }}
    where {{ in_months('period_month') }}
    -- What is cut of a sale, of the sales of a month, and of a month's commission.
    {% for source in ['int_sale_cap_lines', 'int_deferred_lines', 'int_gate_lines', 'int_cap_lines'] -%}
    {%- set is_of_sale = loop.index <= 2 -%}
    union all
    select
        line_kind,
        {{ {1: "'sale'", 4: 'cap_period'}.get(loop.index, nothing) }} as cap_period,
        employee_id,
        plan_id,
        {{ 'credited_as' if is_of_sale else nothing }} as transaction_id,
        {{ 'assignment_role' if is_of_sale else nothing }} as assignment_role,
        {% for name in [
            'reverses_transaction_id', 'product_class', 'customer_class', 'exception_reason'
        ] -%}
        {{ nothing }} as {{ name }},
        {% endfor -%}
        {% for name in ['quota_amount', 'accumulated_before', 'tier_from', 'amount'] -%}
        {{ no_amount }} as {{ name }},
        {% endfor -%}
        cast(null as decimal(9, 6)) as rate,
        commission_amount,
        false as is_floating,
        period_month,
        {{ 'credited_on' if is_of_sale else 'cast(null as date)' }} as transaction_date,
        {{ {3: 'credited_month', 4: 'cast(null as date)'}.get(loop.index, month_of('credited_on')) }}
            as credited_month
    from {{ ref(source) }}
    where {{ in_months('period_month') }}
    {% endfor %}
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
        lines.exception_reason,
        currency.currency,
        cast(lines.quota_amount as decimal(18, 4)) as quota_amount,
        cast(lines.accumulated_before as decimal(18, 4)) as accumulated_before,
        cast(lines.tier_from as decimal(18, 4)) as tier_from,
        cast(lines.amount as decimal(18, 4)) as amount,
        cast(lines.rate as decimal(9, 6)) as rate,
        cast(lines.commission_amount as decimal(18, 4)) as commission_amount,
        lines.period_month,
        lines.transaction_date,
        lines.credited_month
    from lines
    cross join currency

)

select * from final
