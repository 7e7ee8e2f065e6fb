{#- What became of the landed rows, as counted where they lie; nothing here knows how staging does it. -#}
with

{{ fates_by_table(landing_tables_in_months(true)) }},

final as (

    select * from counted
    union all
    select * from {{ ref('int_fates_without_months') }}

)

select * from final
