{#- An amount in another currency, to 4 places: the one place where an exchange rate is applied. -#}
{% macro converted(amount, rate) -%}
    cast(round({{ wide(amount) }} * cast({{ rate }} as decimal(14, 8)), 4) as decimal(18, 4))
{%- endmacro %}
