{#- A whole number of the last places of an amount (4) as that amount: what scaled_integer undoes. -#}
{% macro from_units(units) -%}
    cast(cast({{ units }} as decimal(22, 0)) * cast(0.0001 as decimal(5, 4)) as decimal(18, 4))
{%- endmacro %}
