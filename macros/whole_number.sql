{#- An expression as a whole number of the widest kind the engine has: 38 digits at least. -#}
{% macro whole_number(expression) -%}
    {{ adapter.dispatch('whole_number')(expression) }}
{%- endmacro %}

{% macro duckdb__whole_number(expression) -%}
    cast({{ expression }} as hugeint)
{%- endmacro %}

{% macro spark__whole_number(expression) -%}
    cast({{ expression }} as decimal(38, 0))
{%- endmacro %}
