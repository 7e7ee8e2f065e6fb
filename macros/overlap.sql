{#- Whether two effective-dated rows hold on some day together (RULES 0); of the later of their first
    days to the earlier of their ends: `least` leaves an open end out on every engine. -#}
{% macro overlap(one, other) -%}
    coalesce({{ one }}.valid_to, cast('9999-12-31' as date)) > {{ other }}.valid_from
    and {{ one }}.valid_from < coalesce({{ other }}.valid_to, cast('9999-12-31' as date))
{%- endmacro %}
