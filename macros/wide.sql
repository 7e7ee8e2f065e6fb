{#-
    An amount with room for a product. DuckDB keeps the product of two decimals of at most 18 digits
    at 18 digits, and fails where it needs more: 100 million times a rate would.
-#}
{% macro wide(amount) -%}
    cast({{ amount }} as decimal(28, 4))
{%- endmacro %}
