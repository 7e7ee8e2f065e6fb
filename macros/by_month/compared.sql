{#-
    Materialization `compared`: a small table, built anew where anything that it reads has changed, and
    compared with what it was. From when on it differs is a change for the by_month models that read it: with
    a column `holds_from` (config), from the earliest day on which anything else holds than before; without
    one, for every month. Nothing differs: nothing has changed.
-#}
{% materialization compared, adapter='duckdb', supported_languages=['sql'] %}
    {{ return(table_that_rests(is_compared=true)) }}
{% endmaterialization %}

{#- Writes down from when on a table is other than it was; for ever where there was none, or with other columns. -#}
{% macro record_difference(before, after) -%}
    {%- set old = [] if before is none else adapter.get_columns_in_relation(before) | map(attribute='name') | list -%}
    {%- set new = adapter.get_columns_in_relation(after) | map(attribute='name') | list -%}
    {%- if old != new -%}
        {%- do record_change(none) -%}
    {%- else -%}
        {%- set found = run_query(first_difference(before, after, new)).rows[0] -%}
        {%- if found[0] > 0 -%}{%- do record_change(found[1]) -%}{%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro record_change(first_day) -%}
    {%- do run_query(
        "insert into orchestration.changes (input, first_month, last_month, reason) values ('"
        ~ model.name ~ "', date_trunc('month', " ~ literal_day(first_day) ~ "), null, 'compared')"
    ) -%}
{%- endmacro %}

{#-
    How many rows differ, and the first day of a difference. A row that is the same but for its
    `valid_to` differs from the earlier of the two ends on; any other from its own first day on.
-#}
{% macro first_difference(before, after, columns) -%}
    {%- set holds_from = config.get('holds_from') -%}
    {%- set same = columns | reject('equalto', 'valid_to') | reject('equalto', 'loaded_at') | list -%}
    {%- set compared_columns = columns | reject('equalto', 'loaded_at') | join(', ') -%}
    with gone as (
        select {{ compared_columns }} from {{ before }}
        except all
        select {{ compared_columns }} from {{ after }}
    ),

    come as (
        select {{ compared_columns }} from {{ after }}
        except all
        select {{ compared_columns }} from {{ before }}
    ),

    both_ways as (
        select * from gone
        union all
        select * from come
    )
    {% if holds_from and 'valid_to' in columns %}
    , grouped as (
        select
            case
                when count(*) > 1 then coalesce(min(valid_to), min({{ holds_from }}))
                else min({{ holds_from }})
            end as first_day,
            bool_or({{ holds_from }} is null) as is_unknown,
            count(*) as row_count
        from both_ways
        group by {{ same | join(', ') }}
    )

    select
        cast(coalesce(sum(row_count), 0) as bigint) as row_count,
        case when not coalesce(bool_or(is_unknown), false) then min(first_day) end as first_day
    from grouped
    {% elif holds_from %}
    select
        count(*) as row_count,
        case when not coalesce(bool_or({{ holds_from }} is null), false) then min({{ holds_from }}) end
            as first_day
    from both_ways
    {% else %}
    select count(*) as row_count, cast(null as date) as first_day
    from both_ways
    {% endif %}
{%- endmacro %}
