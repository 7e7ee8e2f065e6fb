{#- The largest attainment kept: what decimal(14, 10) holds. Every curve has met its cap long before. -#}
{% macro largest_attainment() -%}
    9999.9999999999
{%- endmacro %}
