{#-
    A landed instant for comparing with another: where the file has it as a timestamp, the column
    itself, so that row groups outside of a bound are skipped.
-#}
{% macro landed_instant(column) -%}
    {{ adapter.dispatch('landed_instant')(column) }}
{%- endmacro %}

{% macro duckdb__landed_instant(column) -%}
    cast({{ column }} as timestamptz)
{%- endmacro %}

{% macro spark__landed_instant(column) -%}
    cast({{ column }} as timestamp)
{%- endmacro %}
