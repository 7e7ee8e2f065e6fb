{{ config(materialized='view') }}

{#-
    What each measure is made of, down to the landed rows: a view, asked for a payee at a time. What the rows
    of an employee, month and measure come to is fct_measures.
-#}
{%- set domains = [
    'activities', 'deals', 'conversions', 'sales', 'renewals', 'service', 'opinions', 'care', 'costs',
] -%}

with

measured as (

    {% for domain in domains -%}
    select
        employee_id,
        measure,
        landing_table,
        row_key,
        numerator,
        denominator,
        row_day,
        period_month
    from {{ ref('int_measure_rows__' ~ domain) }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor %}
),

final as (

    select
        measured.employee_id,
        measured.measure,
        measured.landing_table,
        measured.row_key,
        measured.numerator,
        measured.denominator,
        measured.row_day,
        measured.period_month
    from measured
    inner join {{ ref('dim_periods') }} as periods
        on measured.period_month = periods.period_month

)

select * from final
