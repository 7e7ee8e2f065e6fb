{{ config(materialized='ephemeral') }}

{#- Commission that is paid as cash comes in, after the caps of sales (S0-02, S0-07). -#}
{% for source in ['int_commission_parts', 'int_sale_cap_lines'] -%}
select
    lines.employee_id,
    lines.plan_id,
    lines.credited_as,
    lines.assignment_role,
    lines.commission_amount,
    lines.period_month,
    lines.credited_on,
    lines.accumulation_start
from {{ ref(source) }} as lines
inner join {{ ref('policy_commission_plans') }} as plans
    on
        lines.plan_id = plans.plan_id
        and plans.paid_when = 'collected'
        and {{ holds_on('plans', 'lines.credited_on') }}
{% if not loop.last -%}
union all
{% endif -%}
{%- endfor %}
