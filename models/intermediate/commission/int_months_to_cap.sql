{{ config(materialized='by_month') }}

{#-
    What each month has earned, and a sale's cap, cash and gates have left of it, on plans with a cap of a
    period (S0-07). Added up once: what caps look back on are months, and not millions of parts.
-#}
with

lines as (

    {% for source in ['int_commission_parts', 'int_sale_cap_lines', 'int_deferred_lines', 'int_gate_lines'] -%}
    select
        employee_id,
        plan_id,
        commission_amount,
        period_month
    from {{ ref(source) }}
    where {{ in_months('period_month') }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor %}
),

final as (

    select
        employee_id,
        plan_id,
        period_month,
        cast(sum(commission_amount) as decimal(18, 4)) as commission_amount
    from lines
    where plan_id in (select caps.plan_id from {{ ref('policy_commission_caps') }} as caps)
    group by employee_id, plan_id, period_month

)

select * from final
