{{ config(materialized='ephemeral') }}

{#-
    What each month has earned, and a sale's cap, cash and gates have left of it, on plans with a cap of a
    period (S0-07). Caps of the months that are built began eleven months before them at most.
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
    where
        period_month >= {{ add_months(window_start(), -11) }}
        and period_month < {{ window_end() }}
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
        sum(commission_amount) as commission_amount
    from lines
    where plan_id in (select caps.plan_id from {{ ref('policy_commission_caps') }} as caps)
    group by employee_id, plan_id, period_month

)

select * from final
