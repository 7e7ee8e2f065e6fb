{#- The tables of the landing contract; each is counted where it lies. -#}
{%- set tables = landing_table_names() -%}

with

counted as (

    {% for system, names in tables.items() -%}
    {%- set is_last_system = loop.last -%}
    {%- for name in names %}
    select
        '{{ system }}.{{ name }}' as landing_table,
        count(*) as row_count,
        {{ newest_load(system, name) }} as newest_loaded_at
    from {{ source(system, name) }}
    where {{ is_known() }}
    {%- if not (is_last_system and loop.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}

),

final as (

    select
        counted.landing_table,
        counted.row_count,
        counted.newest_loaded_at,
        {{ business_date('counted.newest_loaded_at', 'settings.company_time_zone') }}
            as newest_loaded_date
    from counted
    cross join {{ ref('stg_policy__settings') }} as settings

)

select * from final
