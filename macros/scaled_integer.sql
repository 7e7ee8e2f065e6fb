{#- A decimal of at most `places` places (at most 8) as a whole number of its smallest places. -#}
{% macro scaled_integer(amount, places) -%}
    {{ adapter.dispatch('scaled_integer')(amount, places) }}
{%- endmacro %}

{% macro duckdb__scaled_integer(amount, places) -%}
    cast(cast({{ amount }} as decimal(30, {{ places }})) * {{ 10 ** places }} as hugeint)
{%- endmacro %}
