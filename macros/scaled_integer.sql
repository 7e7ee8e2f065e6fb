{#- A decimal of at most 8 places as a whole number of its 8th places. -#}
{% macro scaled_integer(amount) -%}
    {{ adapter.dispatch('scaled_integer')(amount) }}
{%- endmacro %}

{% macro duckdb__scaled_integer(amount) -%}
    cast(cast({{ amount }} as decimal(30, 8)) * 100000000 as hugeint)
{%- endmacro %}
