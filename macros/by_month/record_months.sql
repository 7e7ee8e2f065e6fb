{#-
    Writes down which months of the current model a run has built (`months`: a condition), and which of them are not
    what they were: a change for the models after it. What was is the rows up to `last_row` of the table itself, before
    they are deleted, or the table `before`; where neither is given, all months are other than they were.

    Months are compared by their number of rows and a hash of what is no text, which is most of what changes and a sixth
    of the bytes. Only where these are the same are they compared by a hash of everything.
-#}
{% macro record_months(relation, months, last_row=none, before=none) -%}
    {#- A first build has nothing to compare with, and hashes nothing. -#}
    {%- set is_compared = last_row is not none or before is not none -%}
    {%- set columns = columns_compared(relation, before) if is_compared else [] -%}
    {%- set mine -%}
        invocation_id = '{{ invocation_id }}' and model = '{{ model.name }}' and {{ months }}
    {%- endset -%}
    {%- set rows -%}
        {% if last_row is not none -%}
        select *, rowid > {{ last_row }} as is_built from {{ relation }} where {{ months }}
        {%- else -%}
        select *, true as is_built from {{ relation }} where {{ months }}
        {%- if columns and before is not none %}
        union all by name
        select *, false as is_built from {{ before }} where {{ months }}
        {%- endif -%}
        {%- endif %}
    {%- endset -%}
    {%- do run_query(
        "insert into orchestration.rebuilt_months (invocation_id, model, period_month, row_count, is_changed)
        select
            '" ~ invocation_id ~ "',
            '" ~ model.name ~ "',
            period_month,
            coalesce(max(row_count) filter (is_built), 0),
            count(*) < 2 or min(row_count) <> max(row_count) or min(content) <> max(content)
        from (" ~ hashed_months(rows, columns | rejectattr('is_text') | list) ~ ") as hashed
        group by period_month"
    ) -%}
    {%- set same = "select period_month from orchestration.rebuilt_months where " ~ mine ~ " and not is_changed" -%}
    {%- if columns | selectattr('is_text') | list and run_query(same ~ " limit 1").rows -%}
        {%- set rows = "select * from (" ~ rows ~ ") as built where period_month in (" ~ same ~ ")" -%}
        {%- do run_query(
            "update orchestration.rebuilt_months set is_changed = true
            where " ~ mine ~ " and period_month in (
                select period_month
                from (" ~ hashed_months(rows, columns) ~ ") as hashed
                group by period_month
                having min(content) <> max(content)
            )"
        ) -%}
    {%- endif -%}
    {%- do run_query(
        "delete from orchestration.model_months where model = '" ~ model.name ~ "' and " ~ months ~ ";

        insert into orchestration.model_months (model, period_month, row_count, build_id)
        select model, period_month, row_count, nextval('orchestration.build_ids')
        from orchestration.rebuilt_months
        where " ~ mine ~ " and row_count > 0;

        insert into orchestration.changes (input, first_month, last_month, reason)
        select model, period_month, period_month, 'built'
        from orchestration.rebuilt_months
        where " ~ mine ~ " and is_changed"
    ) -%}
{%- endmacro %}

{#- Months of the rows that were and of those that are built, with their number and a hash of some columns. -#}
{% macro hashed_months(rows, columns) -%}
    select
        period_month,
        is_built,
        count(*) as row_count,
        {{ 'sum(hash(' ~ columns | map(attribute='name') | join(', ') ~ '))' if columns else '0' }} as content
    from ({{ rows }}) as built
    group by period_month, is_built
{%- endmacro %}

{#- The columns by which a table is compared with what it was; none where it had others. -#}
{% macro columns_compared(relation, before) -%}
    {%- set columns = described(relation) -%}
    {%- if before is not none and columns | sort(attribute='name') != described(before) | sort(attribute='name') -%}
        {{ return([]) }}
    {%- endif -%}
    {{ return(columns) }}
{%- endmacro %}

{% macro described(relation) -%}
    {%- set columns = [] -%}
    {%- for row in run_query("describe " ~ relation).rows -%}
        {%- do columns.append({'name': row[0], 'type': row[1], 'is_text': row[1] == 'VARCHAR'}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{#- The last row of a table, by DuckDB's own number: what is written from now on comes after it, until it is committed. -#}
{% macro last_row_of(relation) -%}
    {{ return(run_query("select coalesce(max(rowid), -1) from " ~ relation).rows[0][0]) }}
{%- endmacro %}

{#-
    Makes room for a table that is built from nothing. Returns what there was, to be compared with and dropped then;
    none where nothing was, or where a run broke off and left a part of it.

    Until it has been built it counts as never built: the next run does not rest on a part of it.
-#}
{% macro put_aside(existing) -%}
    {%- set before = make_backup_relation(this, 'table') -%}
    {%- do drop_relation_if_exists(load_cached_relation(before)) -%}
    {%- set built = "orchestration.built where model = '" ~ model.name ~ "'" -%}
    {%- set is_whole = run_query("select 1 from " ~ built).rows | length > 0 -%}
    {%- do run_query("delete from " ~ built) -%}
    {%- if existing is none -%}
        {{ return(none) }}
    {%- elif not existing.is_table or not is_whole -%}
        {%- do drop_relation_if_exists(existing) -%}
        {{ return(none) }}
    {%- endif -%}
    {%- do adapter.rename_relation(existing, before) -%}
    {{ return(before) }}
{%- endmacro %}

{#- What a run has built, in words. -#}
{% macro outcome_of(pending) -%}
    {%- if not pending.batches -%}
        {{ return('nothing has changed') }}
    {%- endif -%}
    {%- set counted = run_query(
        "select count(*), count(*) filter (is_changed) from orchestration.rebuilt_months
        where invocation_id = '" ~ invocation_id ~ "' and model = '" ~ model.name ~ "'"
    ).rows[0] -%}
    {{ return('built ' ~ counted[0] ~ ' months, ' ~ counted[1] ~ ' changed') }}
{%- endmacro %}

{#- The months that all batches of a run write, as a condition. -#}
{% macro months_of_batches(pending) -%}
    {{ return(written_months({'ranges': pending.batches | sum(attribute='ranges', start=[])})) }}
{%- endmacro %}

{#- Up to which change the current model has been built, or found to rest. -#}
{% macro record_built(change_id) -%}
    {%- do run_query(
        "delete from orchestration.built where model = '" ~ model.name ~ "';
        insert into orchestration.built (model, change_id, known_at, invocation_id, build_id)
        values ('" ~ model.name ~ "', " ~ change_id ~ ", " ~ known_at_literal() ~ ", '" ~ invocation_id
        ~ "', nextval('orchestration.build_ids'))"
    ) -%}
{%- endmacro %}
