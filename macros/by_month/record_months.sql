{#-
    Writes down what a model's run did: which months it built, which of them are not what they were
    (a change for the models after it), and up to which change it has seen. Returns it in words.
-#}
{% macro record_months(relation, pending) -%}
    {%- set name = model.name -%}
    {%- set ranges = [] -%}
    {%- for batch in pending.batches -%}
        {%- do ranges.append(written_months(batch)) -%}
    {%- endfor -%}
    {%- set said = namespace(outcome='nothing has changed') -%}
    {% if pending.batches %}
        {%- set built = ranges | join(' or ') -%}
        {%- do run_query(
            "insert into orchestration.rebuilt_months
            select
                '" ~ invocation_id ~ "',
                '" ~ name ~ "',
                coalesce(now.period_month, before.period_month),
                coalesce(now.row_count, 0),
                now.content is distinct from before.content,
                now.content
            from (
                select period_month, count(*) as row_count, sum(hash(built)) as content
                from " ~ relation ~ " as built
                where " ~ built ~ "
                group by period_month
            ) as now
            full outer join (
                select period_month, content from orchestration.model_months
                where model = '" ~ name ~ "' and (" ~ built ~ ")
            ) as before
                on now.period_month = before.period_month"
        ) -%}
        {%- set mine = "invocation_id = '" ~ invocation_id ~ "' and model = '" ~ name ~ "'" -%}
        {%- do run_query("delete from orchestration.model_months where model = '" ~ name ~ "' and (" ~ built ~ ")") -%}
        {%- do run_query(
            "insert into orchestration.model_months
            select model, period_month, row_count, content from orchestration.rebuilt_months
            where " ~ mine ~ " and content is not null"
        ) -%}
        {%- do run_query(
            "insert into orchestration.changes (input, first_month, last_month, reason)
            select model, period_month, period_month, 'built'
            from orchestration.rebuilt_months
            where " ~ mine ~ " and is_changed"
        ) -%}
        {%- set counted = run_query(
            "select count(*), count(*) filter (is_changed) from orchestration.rebuilt_months where " ~ mine
        ).rows[0] -%}
        {%- set said.outcome = 'built ' ~ counted[0] ~ ' months, ' ~ counted[1] ~ ' changed' -%}
    {% endif %}
    {%- do record_built(pending.change_id) -%}
    {{ return(said.outcome) }}
{%- endmacro %}

{#- Up to which change the current model has been built. -#}
{% macro record_built(change_id) -%}
    {%- do run_query("delete from orchestration.built where model = '" ~ model.name ~ "'") -%}
    {%- do run_query(
        "insert into orchestration.built values ('" ~ model.name ~ "', " ~ change_id ~ ", "
        ~ known_at_literal() ~ ", '" ~ invocation_id ~ "')"
    ) -%}
{%- endmacro %}
