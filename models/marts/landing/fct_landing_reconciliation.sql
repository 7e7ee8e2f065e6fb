{#- What became of each landed row, table by table; that it adds up is the test of this model. -#}
with

files as (

    select
        landing_table,
        sum(rows_landed) as rows_landed,
        sum(rows_set_aside) as rows_set_aside
    from {{ source('landing_log', 'landing_files') }}
    group by landing_table

),

final as (

    select
        known.landing_table,
        -- What another tool landed as a table of the warehouse has no files.
        cast(coalesce(files.rows_landed, known.row_count + fates.rows_not_known) as bigint)
            as rows_landed,
        cast(coalesce(files.rows_set_aside, 0) as bigint) as rows_set_aside,
        cast(fates.rows_not_known as bigint) as rows_not_known,
        cast(fates.rows_older as bigint) as rows_older,
        cast(fates.rows_deleted as bigint) as rows_deleted,
        cast(staged.rows_without_parent as bigint) as rows_without_parent,
        cast(coalesce(staged.rows_staged, 0) as bigint) as rows_staged
    from {{ ref('int_landing_tables') }} as known
    inner join {{ ref('int_landed_fates') }} as fates
        on known.landing_table = fates.landing_table
    inner join {{ ref('int_staged_rows') }} as staged
        on known.landing_table = staged.landing_table
    left join files
        on known.landing_table = files.landing_table

)

select * from final
