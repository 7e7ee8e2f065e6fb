{{ config(materialized='by_month') }}

with

final as (

    select
        employee_id,
        plan_id,
        currency,
        cast(
            sum(case when line_kind in ('earned', 'reversed') then amount else 0 end)
            as decimal(18, 4)
        ) as sales_amount,
        {% for kind in ['earned', 'reversed', 'trued_up', 'forgiven', 'deferred', 'gated', 'capped'] -%}
        cast(
            sum(case when line_kind = '{{ kind }}' then commission_amount else 0 end) as decimal(18, 4)
        ) as {{ kind }}_amount,
        {% endfor -%}
        cast(sum(commission_amount) as decimal(18, 4)) as commission_amount,
        period_month
    from {{ ref('fct_commission_lines') }}
    where {{ in_months('period_month') }}
    group by employee_id, plan_id, currency, period_month

)

select * from final
