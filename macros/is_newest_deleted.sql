{#-
    Of the versions of a group: whether the newest says that its key is deleted. Of an update and a deletion loaded
    together the deletion counts, as in version_rank.
-#}
{% macro is_newest_deleted(is_deleted, loaded_at) -%}
    coalesce(max(case when {{ is_deleted }} then {{ loaded_at }} end) = max({{ loaded_at }}), false)
{%- endmacro %}
