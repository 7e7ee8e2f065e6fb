{#- A day moved by a number of months (an expression; it may be negative). -#}
{% macro add_months(day, months) -%}
    {{ adapter.dispatch('add_months')(day, months) }}
{%- endmacro %}

{% macro duckdb__add_months(day, months) -%}
    cast({{ dbt.dateadd('month', months, day) }} as date)
{%- endmacro %}

{#- dbt's own fails where the day is null. -#}
{% macro spark__add_months(day, months) -%}
    add_months(cast({{ day }} as date), cast({{ months }} as int))
{%- endmacro %}
