{#-
    What a generic test looks at (dbt calls this for every tested model). In a run that builds the model: of one
    that is built by month, the months that have been built since the test last passed, the newest first, up to
    `rows_per_test` rows and one month at least; of a table that rests, all of it or nothing. So what a run has
    built and not tested, or found wrong, is looked at by the next one, and by a new test everything.
    `dbt test`, and the findings of the checks, are about the whole table.
-#}
{% macro get_where_subquery(relation) -%}
    {%- set conditions = [config.get('where')] if config.get('where') else [] -%}
    {%- set kind = tested_as(relation) if execute and target.type == 'duckdb' -%}
    {%- set passed -%}
        (select coalesce(max(build_id), -1) from orchestration.tested where test = '{{ model.unique_id }}')
    {%- endset -%}
    {%- if kind == 'by_month' -%}
        {%- do conditions.append(
            "period_month in (
                select months.period_month
                from (
                    select
                        period_month,
                        sum(row_count) over (order by period_month desc) as row_count,
                        row_number() over (order by period_month desc) as place
                    from orchestration.model_months
                    where model = '" ~ relation.identifier ~ "' and coalesce(build_id, 0) > " ~ passed ~ "
                ) as months
                where months.place = 1 or months.row_count <= " ~ run_setting('rows_per_test') ~ "
            )"
        ) -%}
    {%- elif kind == 'rests' -%}
        {%- set built = "select 1 from orchestration.built where model = '" ~ relation.identifier ~ "'" -%}
        {%- if not run_query(built ~ " and coalesce(build_id, 0) > " ~ passed).rows -%}
            {%- do conditions.append("1 = 0") -%}
        {%- endif -%}
    {%- endif -%}
    {%- if conditions -%}
        (select * from {{ relation }} where {{ conditions | join(' and ') }}) dbt_subquery
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}

{#- `by_month` or `rests` where this run builds the model; none: all of it is looked at. -#}
{% macro tested_as(relation) -%}
    {%- set node = graph.nodes.get('model.' ~ project_name ~ '.' ~ relation.identifier) -%}
    {%- if not node or node.fqn[1] == 'checks' or node.unique_id not in selected_resources -%}
        {{ return(none) }}
    {%- elif node.config.materialized == 'by_month' -%}
        {{ return('by_month') }}
    {%- elif node.config.materialized in ('compared', 'when_changed') -%}
        {{ return('rests') }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}
