with

settings as (

    select company_time_zone
    from {{ ref('stg_policy__settings') }}

),

typed as (

    select
        cast(account_id as {{ dbt.type_string() }}) as account_id,
        cast(account_name as {{ dbt.type_string() }}) as account_name,
        cast(industry as {{ dbt.type_string() }}) as industry,
        cast(region as {{ dbt.type_string() }}) as region,
        cast(country as {{ dbt.type_string() }}) as country,
        cast(ownership_type as {{ dbt.type_string() }}) as ownership_type,
        cast(designation as {{ dbt.type_string() }}) as designation,
        cast(parent_account_id as {{ dbt.type_string() }}) as parent_account_id,
        cast(employee_count as integer) as employee_count,
        cast(annual_revenue as decimal(18, 4)) as annual_revenue,
        {{ instant('created_at') }} as created_at,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('crm', 'accounts') }}
    where {{ is_known() }}

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
    from typed

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
