{#-
    The months that a model of materialization `by_month` builds at a time, as a condition on a month
    or day column. The model is written, compiled and unit tested for all of history; by_month puts
    the bounds of a batch in the place of these days (batch_of). They are literals, so that files and row
    groups outside of them are never opened.
-#}
{% macro in_months(column) -%}
    ({{ column }} >= {{ window_start() }} and {{ column }} < {{ window_end() }})
{%- endmacro %}

{#- As in_months, for a landed instant, a day wider at both ends to hold every time zone. -#}
{% macro in_months_utc(column) -%}
    ({{ landed_instant(column) }} >= {{ landed_instant("'0999-12-31'") }}
    and {{ landed_instant(column) }} < {{ landed_instant("'9999-01-02'") }})
{%- endmacro %}

{#- First day of the first month that is built, and first day after the last. -#}
{% macro window_start() -%}
    cast('1000-01-01' as date)
{%- endmacro %}

{% macro window_end() -%}
    cast('9999-01-01' as date)
{%- endmacro %}

{#- The same in UTC: a day wider at both ends, as in_months_utc. -#}
{% macro window_start_utc() -%}
    cast('0999-12-31' as date)
{%- endmacro %}

{% macro window_end_utc() -%}
    cast('9999-01-02' as date)
{%- endmacro %}
