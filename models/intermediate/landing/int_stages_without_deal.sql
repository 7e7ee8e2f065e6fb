{{ config(materialized='when_changed') }}

{#-
    Landed entries of stages whose deal is not there: no model uses them. They are looked for where they lie; nothing
    here knows how staging does it. By hashes, which are small: one whose hash is a deal's would be missing where
    landed rows are reconciled, and be seen there.
-#}
with

entries as (

    {{ landed_keys(
        'crm',
        'opportunity_stage_history',
        row_hash([typed('opportunity_id', 'string')])
        ~ ' not in (select ' ~ row_hash(['deals.opportunity_id'])
        ~ ' from ' ~ ref('fct_opportunities') ~ ' as deals)',
    ) }}

),

final as (

    select
        'crm.opportunity_stage_history' as landing_table,
        cast(count(*) as bigint) as rows_without_parent
    from entries
    where not is_deleted

)

select * from final
