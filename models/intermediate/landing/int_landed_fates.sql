{#- What became of the landed rows, as counted where they lie; nothing here knows how staging does it. -#}
{%- set tables = landing_table_names() -%}

with

fates as (

    {% for system, names in tables.items() -%}
    {%- set is_last_system = loop.last -%}
    {%- for name in names %}
    select
        '{{ system }}.{{ name }}' as landing_table,
        coalesce(sum(fates.rows_older), 0) as rows_older,
        coalesce(sum(fates.rows_deleted), 0) as rows_deleted
    from (
        {{ landed_fates(system, name) }}
    ) as fates
    {%- if not (is_last_system and loop.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}

),

-- Counted where they lie, too: as what is left over of the landed rows they would hide a loss.
later as (

    {% for system, names in tables.items() -%}
    {%- set is_last_system = loop.last -%}
    {%- for name in names %}
    select
        '{{ system }}.{{ name }}' as landing_table,
        {% if run_setting('known_at') is none -%}
        0 as rows_not_known
        {%- else -%}
        count(*) as rows_not_known
    from {{ source(system, name) }}
    where not ({{ is_known() }})
        {%- endif %}
    {%- if not (is_last_system and loop.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}

),

final as (

    select
        fates.landing_table,
        fates.rows_older,
        fates.rows_deleted,
        later.rows_not_known
    from fates
    inner join later
        on fates.landing_table = later.landing_table

)

select * from final
