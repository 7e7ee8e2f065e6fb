{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#-
    The rows that the models work with, of landing tables whose rows become a fact's, by the fact's month. They are
    counted where they arrive: a row that is lost on the way there, or doubled, is missed too.
-#}
{%- set facts = facts_of_landed() -%}

with

final as (

    {% for landing_table, (fact, kind) in facts.items() -%}
    select
        '{{ landing_table }}' as landing_table,
        count(*) as rows_staged,
        period_month
    from {{ ref(fact) }}
    {%- if kind %}
    where transaction_kind = '{{ kind }}'
    {%- endif %}
    group by period_month
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor %}

)

select * from final
