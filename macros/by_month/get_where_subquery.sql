{#-
    What a generic test looks at (dbt calls this for every tested model). Of a model that is built by
    month, in the run that built it: the months it has built anew, the newest first, up to
    `rows_per_test` rows and one month at least. What was not built anew was tested when it was.
    `dbt test`, and the findings of the checks, are about the whole table.
-#}
{% macro get_where_subquery(relation) -%}
    {%- set conditions = [config.get('where')] if config.get('where') else [] -%}
    {%- if execute and target.type == 'duckdb' and is_tested_by_month(relation) -%}
        {%- set mine = "invocation_id = '" ~ invocation_id ~ "' and model = '" ~ relation.identifier ~ "'" -%}
        {%- if run_query("select count(*) from orchestration.built where " ~ mine).rows[0][0] > 0 -%}
            {%- do conditions.append(
                "period_month in (
                    select months.period_month
                    from (
                        select
                            period_month,
                            sum(row_count) over (order by period_month desc) as row_count,
                            row_number() over (order by period_month desc) as place
                        from orchestration.rebuilt_months
                        where " ~ mine ~ "
                    ) as months
                    where months.place = 1 or months.row_count <= " ~ run_setting('rows_per_test') ~ "
                )"
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {%- if conditions -%}
        (select * from {{ relation }} where {{ conditions | join(' and ') }}) dbt_subquery
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}

{% macro is_tested_by_month(relation) -%}
    {%- set node = graph.nodes.get('model.' ~ project_name ~ '.' ~ relation.identifier) -%}
    {{ return(node and node.config.materialized == 'by_month' and node.fqn[1] != 'checks') }}
{%- endmacro %}
