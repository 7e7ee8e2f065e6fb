{#- An amount in another currency, to 4 places: the one place where an exchange rate is applied. -#}
{% macro converted(amount, rate) -%}
    cast({{ rounded_product(amount, 'cast(' ~ rate ~ ' as decimal(14, 8))', digits=9, scale=8) }} as decimal(18, 4))
{%- endmacro %}
