{#- A threshold of a check as a column of its own, of all rows of policy_check_thresholds. -#}
{% macro threshold(check_name, name) -%}
    max(case when check_name = '{{ check_name }}' and threshold = '{{ name }}' then value end)
            as {{ check_name }}_{{ name }}
{%- endmacro %}
