{#-
    Materialization `when_changed`: a table that is built anew where anything that it reads has changed since it
    was, and rests where nothing has. Models that read it are told by what it reads itself, as they are through a
    view: for what many read and is dear to work out, such as the newest versions of a small table.
-#}
{% materialization when_changed, adapter='duckdb', supported_languages=['sql'] %}
    {{ return(table_that_rests(is_compared=false)) }}
{% endmaterialization %}

{#- A whole table, built where anything that it reads has changed; and compared with what it was, or not. -#}
{% macro table_that_rests(is_compared) -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set fresh = make_intermediate_relation(target_relation) -%}
    {%- set is_new = existing is none or not existing.is_table or should_full_refresh() -%}
    {%- set unseen = unseen_changes() -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% if is_new or unseen.is_first or unseen.changes %}
        {{ drop_relation_if_exists(load_cached_relation(fresh)) }}
        {% call statement('main') -%}
            {{ create_table_as(False, fresh, compiled_code) }}
        {%- endcall %}
        {%- if is_compared -%}{%- do record_difference(none if is_new else existing, fresh) -%}{%- endif -%}
        {% if existing is not none %}{{ drop_relation_if_exists(existing) }}{% endif %}
        {{ adapter.rename_relation(fresh, target_relation) }}
        {%- do record_built(unseen.newest) -%}
    {% else %}
        {% call noop_statement('main', message='nothing has changed', code='OK', rows_affected=-1) -%}
            {{ compiled_code }}
        {%- endcall %}
    {% endif %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{%- endmacro %}
