{#-
    Keys of the months that are built which have been landed more than once: again in those months,
    or in any other, for a version outside of them can replace one inside. `inside` is the condition
    for those months, in_months or in_months_utc. A key too many does no harm: a single version is the
    newest.
-#}
{% macro keys_landed_again(relation, key, inside) -%}
    {{ adapter.dispatch('keys_landed_again')(relation, key, inside) }}
{%- endmacro %}

{% macro default__keys_landed_again(relation, key, inside) -%}
    select {{ key }}
    from {{ relation }}
    where {{ inside }}
    group by {{ key }}
    having count(*) > 1
    union
    select {{ key }}
    from {{ relation }}
    where
        not coalesce({{ inside }}, false)
        and {{ key }} in (select {{ key }} from {{ relation }} where {{ inside }})
{%- endmacro %}

{#-
    They are written down when files are landed (orchestration/lib/changes.py): looked for month by month,
    every month would read the keys of all of them. A table that was not landed as files is looked through,
    and so are the rows of a unit test.
-#}
{% macro duckdb__keys_landed_again(relation, key, inside) -%}
    {%- set landing_table = relation.identifier | replace('base_', '') | replace('__', '.') -%}
    {%- set is_recorded = not relation.is_cte and execute and run_query(
        "select count(*) from orchestration.landing_files where landing_table = '" ~ landing_table ~ "'"
    ).rows[0][0] > 0 -%}
    {%- if is_recorded -%}
    select key as {{ key }}
    from orchestration.landed_again
    where landing_table = '{{ landing_table }}'
    {%- else -%}
    {{ default__keys_landed_again(relation, key, inside) }}
    {%- endif -%}
{%- endmacro %}
