{#-
    A landed row's part of a measure, from a relation with employee_id, landing_table, row_key and
    period_month. `from` comes after it. What the rows of a measure add up to is the measure (measure_of).
-#}
{% macro measure_row(measure, numerator, denominator='null') -%}
    select
        employee_id,
        '{{ measure }}' as measure,
        landing_table,
        row_key,
        cast({{ numerator }} as decimal(18, 4)) as numerator,
        cast({{ denominator }} as decimal(18, 4)) as denominator,
        row_day,
        period_month
{%- endmacro %}
