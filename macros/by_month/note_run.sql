{#- Writes down that a run began, and which changes it found: what it was about (plumbline build). -#}
{% macro note_run() -%}
    {{ adapter.dispatch('note_run')() }}
{%- endmacro %}

{% macro duckdb__note_run() -%}
    insert into orchestration.runs
    select '{{ invocation_id }}', coalesce(max(change_id), 0) from orchestration.changes
{%- endmacro %}

{% macro default__note_run() -%}
    select 1
{%- endmacro %}
