{{ config(
    materialized='by_month',
    is_light=true,
    reach={'crm.opportunity_stage_history': 'everything', 'fct_opportunities': 'everything'},
) }}

{#-
    What became of the landed entries of stages, of which a large company has tens of millions: counted again only
    where one of them, or a deal, has changed. By their month: an entry's instant is part of its key, so all its
    versions lie in one.
-#}
with

counted as (

    select
        entered_at,
        version_count - 1 as rows_older,
        case when is_deleted then 1 else 0 end as rows_deleted,
        0 as rows_without_parent
    from (
        {{ landed_keys('crm', 'opportunity_stage_history', 'true') }}
    ) as entries
    union all
    -- An entry without its deal is used nowhere.
    select
        entered_at,
        0 as rows_older,
        0 as rows_deleted,
        case when is_deleted then 0 else 1 end as rows_without_parent
    from (
        {{ landed_keys(
            'crm',
            'opportunity_stage_history',
            typed('opportunity_id', 'string')
            ~ ' not in (select deals.opportunity_id from ' ~ ref('fct_opportunities') ~ ' as deals)',
        ) }}
    ) as entries

),

final as (

    select
        cast(sum(counted.rows_older) as bigint) as rows_older,
        cast(sum(counted.rows_deleted) as bigint) as rows_deleted,
        cast(sum(counted.rows_without_parent) as bigint) as rows_without_parent,
        {{ month_of('counted.entered_at') }} as period_month
    from counted
    group by {{ month_of('counted.entered_at') }}

)

select * from final
