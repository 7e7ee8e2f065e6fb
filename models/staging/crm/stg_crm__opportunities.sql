with

settings as (

    select company_time_zone
    from {{ ref('stg_policy__settings') }}

),

typed as (

    select
        cast(opportunity_id as {{ dbt.type_string() }}) as opportunity_id,
        cast(account_id as {{ dbt.type_string() }}) as account_id,
        cast(owner_id as {{ dbt.type_string() }}) as owner_id,
        cast(opportunity_type as {{ dbt.type_string() }}) as opportunity_type,
        cast(product_id as {{ dbt.type_string() }}) as product_id,
        cast(currency as {{ dbt.type_string() }}) as currency,
        cast(outcome as {{ dbt.type_string() }}) as outcome,
        cast(amount as decimal(18, 4)) as amount,
        cast(list_amount as decimal(18, 4)) as list_amount,
        {{ instant('created_at') }} as created_at,
        {{ instant('first_follow_up_at') }} as first_follow_up_at,
        {{ instant('closed_at') }} as closed_at,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('crm', 'opportunities') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['opportunity_id'],
            then_by=[
                'account_id', 'owner_id', 'opportunity_type', 'product_id', 'currency',
                'outcome', 'amount', 'list_amount', 'created_at', 'first_follow_up_at',
                'closed_at',
            ],
        ) }} as version_rank
    from typed

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
