{#- Days from one day to a later one, the later one excluded. -#}
{% macro days_between(from_day, to_day) -%}
    cast({{ dbt.datediff(from_day, to_day, 'day') }} as integer)
{%- endmacro %}
