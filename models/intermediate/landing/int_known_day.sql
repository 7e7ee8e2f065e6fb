{{ config(
    materialized='compared',
    holds_from='known_on',
) }}

{#-
    Models that move with the calendar are told by it: another day changes what holds from the earlier of the two
    on.
-#}
select max(newest_loaded_date) as known_on
from {{ ref('int_landing_tables') }}
