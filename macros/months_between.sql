{#- Calendar months from the month of one day to that of another; less than 0 where it lies before. -#}
{% macro months_between(from_day, to_day) -%}
    cast(
        (extract(year from {{ to_day }}) - extract(year from {{ from_day }})) * 12
        + extract(month from {{ to_day }}) - extract(month from {{ from_day }}) as integer
    )
{%- endmacro %}
