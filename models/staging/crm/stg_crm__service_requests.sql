with

settings as (

    select company_time_zone
    from {{ ref('stg_policy__settings') }}

),

typed as (

    select
        cast(request_id as {{ dbt.type_string() }}) as request_id,
        cast(account_id as {{ dbt.type_string() }}) as account_id,
        cast(employee_id as {{ dbt.type_string() }}) as employee_id,
        cast(request_type as {{ dbt.type_string() }}) as request_type,
        {{ instant('requested_at') }} as requested_at,
        {{ instant('first_responded_at') }} as first_responded_at,
        {{ instant('resolved_at') }} as resolved_at,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('crm', 'service_requests') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['request_id'],
            then_by=[
                'account_id', 'employee_id', 'request_type', 'requested_at',
                'first_responded_at', 'resolved_at',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.request_id,
        ranked.account_id,
        ranked.employee_id,
        ranked.request_type,
        ranked.requested_at,
        {{ business_date('ranked.requested_at', 'settings.company_time_zone') }} as requested_date,
        ranked.first_responded_at,
        {{ business_date('ranked.first_responded_at', 'settings.company_time_zone') }} as first_responded_date,
        ranked.resolved_at,
        {{ business_date('ranked.resolved_at', 'settings.company_time_zone') }} as resolved_date,
        ranked.loaded_at
    from ranked
    cross join settings
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
