with

settings as (

    select company_time_zone
    from {{ ref('stg_policy__settings') }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['account_id'],
            then_by=[
                'account_name', 'industry', 'region', 'country', 'ownership_type',
                'designation', 'parent_account_id', 'employee_count', 'annual_revenue',
                'created_at',
            ],
        ) }} as version_rank
    from {{ ref('base_crm__accounts') }}

),

final as (

    select
        ranked.account_id,
        ranked.account_name,
        ranked.industry,
        ranked.region,
        ranked.country,
        ranked.ownership_type,
        ranked.designation,
        ranked.parent_account_id,
        ranked.employee_count,
        ranked.annual_revenue,
        ranked.created_at,
        {{ business_date('ranked.created_at', 'settings.company_time_zone') }} as created_date,
        ranked.loaded_at
    from ranked
    cross join settings
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
