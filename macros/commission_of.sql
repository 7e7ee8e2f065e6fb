{#- The commission of a part of a sale, to 4 places: the one place where a rate is applied. -#}
{% macro commission_of(amount, rate) -%}
    cast({{ rounded_product(amount, rate) }} as decimal(18, 4))
{%- endmacro %}
