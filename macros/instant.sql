{#- A UTC instant from landed text or a landed timestamp: an offset in it is honoured, none means UTC. -#}
{% macro instant(column) -%}
    {{ adapter.dispatch('instant')(column) }}
{%- endmacro %}

{#- A plain cast to timestamp would drop the offset. The session's time zone is UTC (profiles.yml). -#}
{% macro duckdb__instant(column) -%}
    timezone('UTC', cast({{ column }} as timestamptz))
{%- endmacro %}

{% macro spark__instant(column) -%}
    cast({{ column }} as timestamp)
{%- endmacro %}
