{{ config(materialized='ephemeral') }}

{%- set nothing = 'cast(null as ' ~ dbt.type_string() ~ ')' %}
{%- set no_amount = 'cast(null as decimal(18, 4))' %}

{#- What earns commission or takes it back, and what is cut of it, one below the other (RULES 5). -#}
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
    rate_class,
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
        'reverses_transaction_id', 'product_class', 'customer_class', 'rate_class',
        'exception_reason'
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
