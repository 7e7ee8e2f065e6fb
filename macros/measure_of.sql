{#-
    The row of a measure, from a relation with a row per employee and month: what is counted, and
    what it is counted against (null for a plain count or amount). `from` comes after it.
-#}
{% macro measure_of(measure, numerator, denominator='null') -%}
    select
        employee_id,
        '{{ measure }}' as measure,
        cast({{ numerator }} as decimal(18, 4)) as numerator,
        cast({{ denominator }} as decimal(18, 4)) as denominator,
        period_month
{%- endmacro %}

{#- The figure that is shown: a plain count or amount, or a quotient to 4 places; null over 0. -#}
{% macro measure_value(numerator, denominator) -%}
    cast(
            case
                when {{ denominator }} is null then {{ numerator }}
                else {{ exact_quotient(numerator, denominator, 4) }}
            end as decimal(18, 4)
        )
{%- endmacro %}
