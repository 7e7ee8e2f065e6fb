{{ config(materialized='by_month') }}

{#- The rows that the models work with, of landing tables that are staged month by month, by their day. -#}
{%- set days = staged_days() -%}

with

staged as (

    {% for landing_table, day in days.items() -%}
    select
        '{{ landing_table }}' as landing_table,
        {{ month_of(day) }} as period_month
    from {{ ref('stg_' ~ landing_table | replace('.', '__')) }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor %}
),

final as (

    select
        landing_table,
        count(*) as rows_staged,
        period_month
    from staged
    group by landing_table, period_month

)

select * from final
