{#- Days from one day to a later one, the later one excluded. -#}
{% macro days_between(from_day, to_day) -%}
    {{ adapter.dispatch('days_between')(from_day, to_day) }}
{%- endmacro %}

{% macro duckdb__days_between(from_day, to_day) -%}
    cast({{ dbt.datediff(from_day, to_day, 'day') }} as integer)
{%- endmacro %}

{#- dbt's own fails where a day is null. -#}
{% macro spark__days_between(from_day, to_day) -%}
    datediff(cast({{ to_day }} as date), cast({{ from_day }} as date))
{%- endmacro %}
