{#-
    Writes down what a model's run did: which months it built, which of them are not what they were
    (a change for the models after it), and up to which change it has seen. Returns it in words.

    Months are compared by a hash of their rows. A table that is new has nothing to be compared with and is not
    hashed: most of its months are never built again, and of those that are hash_what_was takes it before.
-#}
{% macro record_months(relation, pending) -%}
    {%- set name = model.name -%}
    {%- set said = namespace(outcome='nothing has changed') -%}
    {% if pending.batches %}
        {%- set built = months_of_batches(pending) -%}
        {%- set is_new = not run_query(
            "select 1 from orchestration.model_months where model = '" ~ name ~ "' limit 1"
        ).rows -%}
        {%- set mine = "invocation_id = '" ~ invocation_id ~ "' and model = '" ~ name ~ "'" -%}
        {%- set counted = run_query(
            "insert into orchestration.rebuilt_months
            select
                '" ~ invocation_id ~ "',
                '" ~ name ~ "',
                coalesce(now.period_month, before.period_month),
                coalesce(now.row_count, 0),
                before.content is null or now.content is distinct from before.content,
                now.content
            from (" ~ counted_months(relation, built, not is_new) ~ ") as now
            full outer join (
                select period_month, content from orchestration.model_months
                where model = '" ~ name ~ "' and " ~ built ~ "
            ) as before
                on now.period_month = before.period_month;

            delete from orchestration.model_months where model = '" ~ name ~ "' and " ~ built ~ ";

            insert into orchestration.model_months (model, period_month, row_count, content, build_id)
            select model, period_month, row_count, content, nextval('orchestration.build_ids')
            from orchestration.rebuilt_months
            where " ~ mine ~ " and row_count > 0;

            insert into orchestration.changes (input, first_month, last_month, reason)
            select model, period_month, period_month, 'built'
            from orchestration.rebuilt_months
            where " ~ mine ~ " and is_changed;

            select count(*), count(*) filter (is_changed) from orchestration.rebuilt_months where " ~ mine
        ).rows[0] -%}
        {%- set said.outcome = 'built ' ~ counted[0] ~ ' months, ' ~ counted[1] ~ ' changed' -%}
    {% endif %}
    {%- do record_built(pending.change_id) -%}
    {{ return(said.outcome) }}
{%- endmacro %}

{#-
    Hashes months of a table before they are built anew, where a first build has left that out. With the old
    rows gone, whether the new ones differ could not be told.
-#}
{% macro hash_what_was(relation, pending) -%}
    {%- set unknown = "model = '" ~ model.name ~ "' and content is null" -%}
    {%- if pending.batches -%}
        {%- set built = months_of_batches(pending) -%}
        {%- set months = "select period_month from orchestration.model_months where " ~ unknown ~ " and " ~ built -%}
        {%- if run_query(months ~ " limit 1").rows -%}
            {%- do run_query(
                "update orchestration.model_months as months
                set content = was.content
                from (" ~ counted_months(relation, built ~ " and period_month in (" ~ months ~ ")", true) ~ ") as was
                where model = '" ~ model.name ~ "' and months.content is null and months.period_month = was.period_month"
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#- Months of a table with their number of rows and, where asked for, a hash of these. -#}
{% macro counted_months(relation, condition, is_hashed) -%}
    select
        period_month,
        count(*) as row_count,
        {{ 'sum(hash(built))' if is_hashed else 'cast(null as hugeint)' }} as content
    from {{ relation }} as built
    where {{ condition }}
    group by period_month
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
