{#-
    Materialization `when_changed`: a table that is built anew where anything that it reads has changed since it
    was, and rests where nothing has. Models that read it are told by what it reads itself, as they are through a
    view: for what many read and is dear to work out, such as the newest versions of a table without months.
-#}
{% materialization when_changed, adapter='duckdb', supported_languages=['sql'] %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set fresh = make_intermediate_relation(target_relation) -%}
    {%- set unseen = unseen_changes() -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% if may_rest(existing, unseen) %}
        {{ leave_as_it_is() }}
    {% else %}
        {{ drop_relation_if_exists(load_cached_relation(fresh)) }}
        {% call statement('main') -%}
            {{ create_table_as(False, fresh, compiled_code) }}
        {%- endcall %}
        {{ put_in_place(existing, fresh, target_relation) }}
        {%- do record_built(unseen.newest) -%}
    {% endif %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{#- Whether a table is there, and nothing that it reads has changed since it was built (unseen_changes). -#}
{% macro may_rest(existing, unseen) -%}
    {{ return(
        existing is not none and existing.is_table and not should_full_refresh()
        and not unseen.is_first and not unseen.changes
    ) }}
{%- endmacro %}

{% macro leave_as_it_is() -%}
    {% call noop_statement('main', message='nothing has changed', code='OK', rows_affected=-1) -%}
        {{ compiled_code }}
    {%- endcall %}
{%- endmacro %}

{% macro put_in_place(existing, fresh, target_relation) -%}
    {% if existing is not none %}{{ drop_relation_if_exists(existing) }}{% endif %}
    {{ adapter.rename_relation(fresh, target_relation) }}
{%- endmacro %}
