{#-
    The rows that the models work with; of tables whose rows become a fact's, as counted there. So are entries
    of stages, several to a row: one without its deal is used nowhere.
-#}
{%- set tables = landing_table_names() -%}
{%- set facts = facts_of_landed() -%}
{%- set stages = 'crm.opportunity_stage_history' -%}

with

staged as (

    {% for system, names in tables.items() -%}
    {%- for name in names if system ~ '.' ~ name not in facts and system ~ '.' ~ name != stages %}
    select
        '{{ system }}.{{ name }}' as landing_table,
        count(*) as rows_staged
    from {{ ref('stg_' ~ system ~ '__' ~ name) }}
    union all
    {%- endfor %}
    {%- endfor %}
    {%- for landing_table in facts %}
    select
        '{{ landing_table }}' as landing_table,
        cast(coalesce(sum(rows_staged), 0) as bigint) as rows_staged
    from {{ ref('int_staged_months') }}
    where landing_table = '{{ landing_table }}'
    union all
    {%- endfor %}
    select
        '{{ stages }}' as landing_table,
        sum(entry_count) as rows_staged
    from {{ ref('fct_opportunity_stages') }}

),

final as (

    select
        staged.landing_table,
        staged.rows_staged,
        coalesce(unused.rows_without_parent, 0) as rows_without_parent
    from staged
    left join {{ ref('int_stages_without_deal') }} as unused
        on staged.landing_table = unused.landing_table

)

select * from final
