{#-
    The incremental strategy `by_month`: delete the months of the run's window, then insert them
    anew; without a window, all months. dbt's delete+insert would leave a month standing whose rows
    have all gone. Every model that uses it has a column period_month.
-#}
{% macro get_incremental_by_month_sql(arg_dict) -%}
    {{ adapter.dispatch('get_incremental_by_month_sql')(arg_dict) }}
{%- endmacro %}

{% macro default__get_incremental_by_month_sql(arg_dict) -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    delete from {{ arg_dict['target_relation'] }}
    where {{ in_month_window('period_month') }};

    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }}
    from {{ arg_dict['temp_relation'] }}
    where {{ in_month_window('period_month') }};
{%- endmacro %}
