{{ config(materialized='ephemeral') }}

with

settings as (

    select company_time_zone
    from {{ ref('stg_policy__settings') }}

),

ranked as (

    {{ ranked_versions(
        ref('base_crm__opportunities'),
        key='opportunity_id',
        inside=in_months_utc('landed_created_at'),
        then_by=[
            'account_id', 'owner_id', 'opportunity_type', 'product_id', 'currency',
            'outcome', 'amount', 'list_amount', 'created_at', 'first_follow_up_at',
            'closed_at',
        ],
    ) }}

),

final as (

    select
        ranked.opportunity_id,
        ranked.account_id,
        ranked.owner_id,
        ranked.opportunity_type,
        ranked.product_id,
        ranked.currency,
        ranked.outcome,
        ranked.amount,
        ranked.list_amount,
        ranked.created_at,
        {{ business_date('ranked.created_at', 'settings.company_time_zone') }} as created_date,
        ranked.first_follow_up_at,
        {{ business_date('ranked.first_follow_up_at', 'settings.company_time_zone') }} as first_follow_up_date,
        ranked.closed_at,
        {{ business_date('ranked.closed_at', 'settings.company_time_zone') }} as closed_date,
        ranked.loaded_at
    from ranked
    cross join settings
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
