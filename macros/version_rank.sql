{#-
    1 for the newest version of a key. Two versions loaded at the same instant are told apart by all
    their other columns (`then_by`), so that neither file order nor batching decides; of an update
    and a deletion loaded together the deletion counts.
-#}
{% macro version_rank(key, then_by) -%}
    row_number() over (
            partition by {{ key | join(', ') }}
            order by
                loaded_at desc,
                is_deleted desc
                {%- for column in then_by %},
                {{ column }} desc nulls last
                {%- endfor %}
        )
{%- endmacro %}
