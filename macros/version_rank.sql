{#-
    1 for the newest version of a landing table's key. Two versions loaded at the same instant are
    told apart by all their columns, so that neither file order nor batching decides; of an update
    and a deletion loaded together the deletion counts.
-#}
{% macro version_rank(system, table) -%}
    {%- if execute -%}
        {%- set source_id = 'source.' ~ project_name ~ '.' ~ system ~ '.' ~ table -%}
        {%- set landed = graph.sources[source_id] -%}
        {%- set key = landed.config.meta.key -%}
        {%- set others = landed.columns.keys() | reject('in', key + ['_loaded_at', '_deleted']) -%}
        row_number() over (
            partition by {{ key | join(', ') }}
            order by
                loaded_at desc,
                is_deleted desc
                {%- for column in others %},
                {{ column }} desc nulls last
                {%- endfor %}
        )
    {%- else -%}
        1
    {%- endif -%}
{%- endmacro %}
