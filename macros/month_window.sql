{#- Whether this run rebuilds only some months of a table that is already there. -#}
{% macro has_month_window() -%}
    {{ return(is_incremental() and var('from_month') is not none) }}
{%- endmacro %}

{#-
    The months this run rebuilds, as a condition on a month or day column: `from_month` to
    `to_month`, both included. Bounds are literals, so that files outside are never opened.
-#}
{% macro in_month_window(column) -%}
    {%- if has_month_window() -%}
        ({{ column }} >= {{ window_start() }} and {{ column }} < {{ window_end() }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- As in_month_window, for a UTC instant: widened by a day at both ends to hold every time zone. -#}
{% macro in_instant_window(column) -%}
    {%- if has_month_window() -%}
        ({{ column }} >= {{ window_start(days=-1) }} and {{ column }} < {{ window_end(days=1) }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{% macro window_start(days=0) -%}
    {%- set start = modules.datetime.datetime.fromisoformat(var('from_month')) -%}
    cast('{{ (start + modules.datetime.timedelta(days=days)).strftime("%Y-%m-%d") }}' as date)
{%- endmacro %}

{% macro window_end(days=0) -%}
    {%- set last = modules.datetime.datetime.fromisoformat(var('to_month') or var('from_month')) -%}
    {%- set after = (last.replace(day=1) + modules.datetime.timedelta(days=32)).replace(day=1) -%}
    cast('{{ (after + modules.datetime.timedelta(days=days)).strftime("%Y-%m-%d") }}' as date)
{%- endmacro %}
