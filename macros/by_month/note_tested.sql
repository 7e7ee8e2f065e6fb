{#- Writes down, at the end of a run, which tests of a model have passed, and after which build (get_where_subquery). -#}
{% macro note_tested(results) -%}
    {{ adapter.dispatch('note_tested')(results) }}
{%- endmacro %}

{% macro duckdb__note_tested(results) -%}
    {%- set passed = [] -%}
    {%- if execute -%}
        {%- for result in results if result.node.attached_node and result.status in ('pass', 'warn') -%}
            {%- do passed.append("('" ~ result.node.unique_id ~ "')") -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if passed -%}
        with passed (test) as (values {{ passed | join(', ') }})

        merge into orchestration.tested using (
            select passed.test, built.build_id
            from passed
            cross join (select coalesce(max(build_id), 0) as build_id from orchestration.built) as built
        ) as now
        on tested.test = now.test
        when matched then update set build_id = now.build_id
        when not matched then insert values (now.test, now.build_id)
    {%- else -%}
        select 1
    {%- endif -%}
{%- endmacro %}

{% macro default__note_tested(results) -%}
    select 1
{%- endmacro %}
