{{ config(materialized='when_changed') }}

{#-
    The fates of rows in tables without months, of which nothing is written down when they are landed: all their keys
    are counted, and again only where one of these tables has changed.
-#}
with

{{ fates_by_table(landing_tables_in_months(false)) }},

final as (

    select * from counted

)

select * from final
