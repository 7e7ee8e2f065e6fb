{#-
    Keys that have been landed more than once, of which the months that are built may have a version, and
    whether they are `is_moved`: whether a version may lie outside of these months, and replace one inside.
    `newest_loaded_at` is when the newest was loaded, where that alone tells it from the others; null where they
    have to be ranked. `inside` is the condition for the months, in_months or in_months_utc. A key too many does no
    harm: a single version is the newest.
-#}
{% macro keys_landed_again(relation, key, inside) -%}
    {{ adapter.dispatch('keys_landed_again')(relation, key, inside) }}
{%- endmacro %}

{% macro default__keys_landed_again(relation, key, inside) -%}
    select
        again.{{ key }},
        true as is_moved,
        cast(null as {{ dbt.type_timestamp() }}) as newest_loaded_at
    from (
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
    ) as again
{%- endmacro %}

{#-
    They are written down when files are landed (orchestration/lib/landed_again.py): looked for month by month,
    every month would read the keys of all of them. The days of the versions are too: a month that ranked what
    has been landed again in any month would cost more with every month of history. A table that was not landed
    as files is looked through, and so are the rows of a unit test.

    How many there are of the table is said as a limit, which takes none away: DuckDB takes each table to have as
    many as the next, and held the landed rows of a small one in memory to look up five keys among them.
-#}
{% macro duckdb__keys_landed_again(relation, key, inside) -%}
    {%- set landing_table = relation.identifier | replace('base_', '') | replace('__', '.') -%}
    {%- set is_recorded = not relation.is_cte and execute and has_files_seen(landing_table) -%}
    {%- if is_recorded -%}
    {%- set written_down = "orchestration.landed_again where landing_table = '" ~ landing_table ~ "'" -%}
    select
        key as {{ key }},
        coalesce(first_day <> last_day, true) as is_moved,
        {#- As of a day before, the newest may not be known yet. #}
        {{ 'newest_loaded_at' if run_setting('known_at') is none else 'cast(null as timestamp) as newest_loaded_at' }}
    from {{ written_down }}
        and (first_day is null or first_day < {{ window_end_utc() }})
        and last_day >= {{ window_start_utc() }}
    limit {{ run_query("select count(*) from " ~ written_down).rows[0][0] }}
    {%- else -%}
    {{ default__keys_landed_again(relation, key, inside) }}
    {%- endif -%}
{%- endmacro %}
