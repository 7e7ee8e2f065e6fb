{{ config(materialized='ephemeral') }}

{#-
    Commission that a gate can shut (RULES 5): what the sales of a month have come to by the end of that
    month and of each later one in which something is added to it or a gate can turn.
-#}
with

amounts as (

    select
        lines.employee_id,
        lines.plan_id,
        {{ month_of('lines.credited_on') }} as credited_month,
        lines.accumulation_start,
        lines.period_month,
        sum(lines.commission_amount) as commission_amount
    from (
        {% for source in ['int_commission_parts', 'int_sale_cap_lines', 'int_deferred_lines'] -%}
        select
            employee_id,
            plan_id,
            commission_amount,
            period_month,
            credited_on,
            accumulation_start
        from {{ ref(source) }}
        {% if not loop.last -%}
        union all
        {% endif -%}
        {%- endfor %}
    ) as lines
    where lines.plan_id in (select gates.plan_id from {{ ref('policy_commission_gates') }} as gates)
    group by
        lines.employee_id, lines.plan_id, {{ month_of('lines.credited_on') }},
        lines.accumulation_start, lines.period_month

),

sales as (

    select distinct
        employee_id,
        plan_id,
        credited_month,
        accumulation_start
    from amounts

),

-- A measure is looked at to the end of its period, which is that of the year at most; a quota for as
-- long as something is sold against it.
months as (

    select
        employee_id,
        plan_id,
        credited_month,
        accumulation_start,
        period_month
    from amounts
    union
    select
        sales.employee_id,
        sales.plan_id,
        sales.credited_month,
        sales.accumulation_start,
        later.period_month
    from sales
    inner join {{ ref('dim_periods') }} as periods
        on sales.credited_month = periods.period_month
    inner join {{ ref('dim_periods') }} as later
        on
            periods.year_start = later.year_start
            and sales.credited_month <= later.period_month
    union
    select
        sales.employee_id,
        sales.plan_id,
        sales.credited_month,
        sales.accumulation_start,
        sold.period_month
    from sales
    inner join {{ ref('int_monthly_sales') }} as sold
        on
            sales.employee_id = sold.employee_id
            and sales.plan_id = sold.plan_id
            and sales.accumulation_start = sold.accumulation_start
            and sales.credited_month <= sold.period_month

),

final as (

    select
        months.employee_id,
        months.plan_id,
        months.credited_month,
        months.accumulation_start,
        sum(coalesce(amounts.commission_amount, 0)) over (
            partition by
                months.employee_id, months.plan_id, months.credited_month, months.accumulation_start
            order by months.period_month
            rows between unbounded preceding and current row
        ) as commission_amount,
        months.period_month
    from months
    left join amounts
        on
            months.employee_id = amounts.employee_id
            and months.plan_id = amounts.plan_id
            and months.credited_month = amounts.credited_month
            and months.accumulation_start = amounts.accumulation_start
            and months.period_month = amounts.period_month

)

select * from final
