{#- A UTC instant from landed text or a landed timestamp: an offset in it is honoured, none means UTC. -#}
{% macro instant(column) -%}
    {{ adapter.dispatch('instant')(column) }}
{%- endmacro %}

{#-
    A plain cast to timestamp would drop the offset. The session's time zone is UTC (landing plugin);
    through microseconds, because the time zone library takes four times as long for the same.
-#}
{% macro duckdb__instant(column) -%}
    make_timestamp(epoch_us(cast({{ column }} as timestamptz)))
{%- endmacro %}

{% macro spark__instant(column) -%}
    cast({{ column }} as timestamp)
{%- endmacro %}
