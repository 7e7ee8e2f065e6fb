{#-
    What a run is asked for: the dbt variable of this name, or PLUMBLINE_<NAME> in the environment.
    The command line uses the environment: dbt reads the whole project anew when `--vars` differ
    from the last run's, but only the files that use a variable when that one differs.
-#}
{% macro run_setting(name) -%}
    {%- set given = env_var('PLUMBLINE_' ~ name | upper, '') -%}
    {{ return(given if given else var(name)) }}
{%- endmacro %}
