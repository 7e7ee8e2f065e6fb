{#- The whole part of a quotient of two whole numbers (terms of their own) that are not negative. -#}
{% macro floor_quotient(numerator, denominator) -%}
    {{ adapter.dispatch('floor_quotient')(numerator, denominator) }}
{%- endmacro %}

{% macro duckdb__floor_quotient(numerator, denominator) -%}
    ({{ numerator }} // {{ denominator }})
{%- endmacro %}

{#- `div` has 64 bits only. What the division would leave is taken off first: it comes out even. -#}
{% macro spark__floor_quotient(numerator, denominator) -%}
    cast(({{ numerator }} - {{ numerator }} % {{ denominator }}) / {{ denominator }} as decimal(38, 0))
{%- endmacro %}
