{#- Whether an effective-dated row holds on a day: [valid_from, valid_to), null valid_to open (RULES 0). -#}
{% macro holds_on(relation, day) -%}
    {{ relation }}.valid_from <= {{ day }}
    and ({{ relation }}.valid_to is null or {{ day }} < {{ relation }}.valid_to)
{%- endmacro %}
