{#- A decimal of at most `places` places (at most 8) as a whole number of its smallest places. -#}
{% macro scaled_integer(amount, places) -%}
    {{ whole_number('cast(' ~ amount ~ ' as decimal(30, ' ~ places ~ ')) * ' ~ 10 ** places) }}
{%- endmacro %}
