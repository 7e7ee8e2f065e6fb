with

settings as (

    select company_time_zone
    from {{ ref('stg_policy__settings') }}

),

typed as (

    select
        cast(contact_id as {{ dbt.type_string() }}) as contact_id,
        cast(account_id as {{ dbt.type_string() }}) as account_id,
        cast(contact_name as {{ dbt.type_string() }}) as contact_name,
        cast(title as {{ dbt.type_string() }}) as title,
        {{ instant('created_at') }} as created_at,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('crm', 'contacts') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['contact_id'],
            then_by=[
                'account_id', 'contact_name', 'title', 'created_at',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.contact_id,
        ranked.account_id,
        ranked.contact_name,
        ranked.title,
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
