{#-
    Whether an effective-dated row holds on a day: [valid_from, valid_to), null valid_to open (RULES 0).
    Comparisons alone, without an `or`: else a left join on it compares every row with every other.
-#}
{% macro holds_on(relation, day) -%}
    {{ relation }}.valid_from <= {{ day }}
    and {{ day }} < coalesce({{ relation }}.valid_to, cast('9999-12-31' as date))
{%- endmacro %}
