{#- Tables that were not loaded when the others were. The clock is not asked: the newest load is today. -#}
with

newest as (

    select max(newest_loaded_date) as newest_loaded_date
    from {{ ref('int_landing_tables') }}

),

final as (

    select
        tables.landing_table,
        {{ days_between('tables.newest_loaded_date', 'newest.newest_loaded_date') }} as days_behind,
        limits.days_behind as days_allowed,
        tables.newest_loaded_date
    from {{ ref('int_landing_tables') }} as tables
    cross join newest
    inner join {{ ref('policy_landing_limits') }} as limits
        on tables.landing_table = limits.landing_table
    where
        {{ days_between('tables.newest_loaded_date', 'newest.newest_loaded_date') }} > limits.days_behind

)

select * from final
