{#- When the newest known row of a landing table was loaded, over all of its known rows. -#}
{% macro newest_load(system, name) -%}
    {{ adapter.dispatch('newest_load')(system, name) }}
{%- endmacro %}

{% macro default__newest_load(system, name) -%}
    max({{ instant('_loaded_at') }})
{%- endmacro %}

{#- Of tables whose rows lie in months it was written down with these: read anew, it is a column of every row. -#}
{% macro duckdb__newest_load(system, name) -%}
    {%- if run_setting('known_at') is none and is_looked_up(system, name) -%}
    (
        select max(newest_loaded_at)
        from orchestration.landing_months
        where landing_table = '{{ system }}.{{ name }}'
    )
    {%- else -%}
    {{ default__newest_load(system, name) }}
    {%- endif -%}
{%- endmacro %}
