{#-
    Materialization `by_month`: a table with a column period_month, of which a run builds exactly the
    months that need it, a batch of months at a time.

    A month needs it when something that the model reads has changed for that month since the model
    was last built (orchestration.changes; docs/months.md). What has been built anew and is not the
    same as before is a change for the models after it; what is the same is none, and they rest.

    config:
      reach     which other months a changed month reaches, by input; see changed_months
      always    true: all months in every run, for what moves with the calendar
      is_light  true: all of them in one batch
      batch_factor  how many times the rows of a batch it takes at a time, 1 by default: for what holds few of them
      changes_of  inputs that the model does not read itself
-#}
{% materialization by_month, adapter='duckdb', supported_languages=['sql'] %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set is_new = existing is none or not existing.is_table or should_full_refresh() -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- set pending = changed_months(is_new) -%}
    {%- set is_new = is_new or pending.is_everything -%}
    {%- set before = none -%}

    {% if is_new %}
        {%- set before = put_aside(existing) -%}
        {% call statement('create') -%}
            {{ create_table_as(False, target_relation, rows_of_no_month(compiled_code)) }}
        {%- endcall %}
    {% endif %}

    {% for batch in pending.batches %}
        {%- set last_row = none if is_new else last_row_of(target_relation) -%}
        {% call statement('insert') -%}
            insert into {{ target_relation }} by name
            {{ rows_of_months(compiled_code, batch) }}
        {%- endcall %}
        {#- What was there goes once the new rows have been compared with it. -#}
        {% if not is_new %}
            {%- do record_months(target_relation, written_months(batch), last_row=last_row) -%}
            {% call statement('delete') -%}
                delete from {{ target_relation }}
                where rowid <= {{ last_row }} and {{ written_months(batch) }}
            {%- endcall %}
        {% endif %}
        {#- What a transaction has written, DuckDB holds in part in memory until its end. A run that breaks off
            here has recorded the months of this batch, and the next one builds all of them anew. -#}
        {{ adapter.commit() }}
    {% endfor %}
    {% if is_new %}
        {%- do record_months(target_relation, months_of_batches(pending), before=before) -%}
        {%- if before is not none -%}{{ drop_relation_if_exists(before) }}{%- endif -%}
    {% endif %}
    {%- set outcome = outcome_of(pending) -%}
    {%- do record_built(pending.change_id) -%}
    {% call noop_statement('main', message=outcome, code='OK', rows_affected=-1) -%}
        {{ compiled_code }}
    {%- endcall %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{#- A model's SQL for one batch of months: its bounds in the place of the ends of time. -#}
{% macro batch_of(sql, batch) -%}
    {%- set day = modules.datetime.timedelta(days=1) -%}
    {%- set start, end = batch.start or '1000-01-01', batch.end or '9999-01-01' -%}
    {%- set first = modules.datetime.date.fromisoformat(start) -%}
    {%- set after = modules.datetime.date.fromisoformat(end) -%}
    {{ return(
        sql
        | replace("'0999-12-31'", "'" ~ (first - day) ~ "'")
        | replace("'9999-01-02'", "'" ~ (after + day) ~ "'")
        | replace("'1000-01-01'", "'" ~ start ~ "'")
        | replace("'9999-01-01'", "'" ~ end ~ "'")
    ) }}
{%- endmacro %}

{#- Whatever a model computes beside the months it was asked for is not taken. -#}
{% macro rows_of_months(sql, batch) -%}
    select *
    from (
        {{ batch_of(sql, batch) }}
    ) as computed
    where {{ written_months(batch) }}
{%- endmacro %}

{#- The months that a batch writes, as a condition. -#}
{% macro written_months(batch) -%}
    {%- set conditions = [] -%}
    {%- for span in batch.ranges -%}
        {%- do conditions.append(batch_of(in_months('period_month'), span)) -%}
    {%- endfor -%}
    ({{ conditions | join(' or ') }})
{%- endmacro %}

{% macro rows_of_no_month(sql) -%}
    select *
    from (
        {{ batch_of(sql, {'start': '1000-02-01', 'end': '1000-02-01'}) }}
    ) as nothing
    where 1 = 0
{%- endmacro %}
