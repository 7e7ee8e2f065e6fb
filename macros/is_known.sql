{#- Whether a landed row was loaded by `known_at`, the cut-off that identifies a close (RULES 8). -#}
{% macro is_known() -%}
    {%- if run_setting('known_at') is none -%}
        true
    {%- else -%}
        {{ instant('_loaded_at') }} <= cast('{{ run_setting('known_at') }}' as timestamp)
    {%- endif -%}
{%- endmacro %}
