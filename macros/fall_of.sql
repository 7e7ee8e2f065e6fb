{#-
    By how much a running total has fallen since the month before, of the rows alike in `by`; the first
    month falls from 0. What is cut so far grows, and what is paid falls by as much.
-#}
{% macro fall_of(total, by) -%}
    coalesce(
            lag({{ total }}) over (
                partition by {{ by }}
                order by period_month
            ),
            0
        ) - {{ total }}
{%- endmacro %}
