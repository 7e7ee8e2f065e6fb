{#-
    On Spark every model is a whole table, built anew in each run: what bounds memory there is the
    cluster's own partitioning, not batches of months (docs/scale.md).
-#}
{% materialization by_month, adapter='spark', supported_languages=['sql'] %}
    {{ return(whole_table()) }}
{% endmaterialization %}

{% materialization compared, adapter='spark', supported_languages=['sql'] %}
    {{ return(whole_table()) }}
{% endmaterialization %}

{% materialization when_changed, adapter='spark', supported_languages=['sql'] %}
    {{ return(whole_table()) }}
{% endmaterialization %}

{% macro whole_table() -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks) }}
    {%- if existing is not none -%}{%- do adapter.drop_relation(existing) -%}{%- endif -%}
    {%- call statement('main') -%}
        {{ create_table_as(False, target_relation, compiled_code) }}
    {%- endcall -%}
    {%- do persist_docs(target_relation, model) -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{%- endmacro %}
