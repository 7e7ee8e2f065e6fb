{{ config(materialized='when_changed') }}

with

settings as (

    select company_time_zone
    from {{ ref('stg_policy__settings') }}

),

typed as (

    select
        cast(survey_id as {{ dbt.type_string() }}) as survey_id,
        cast(account_id as {{ dbt.type_string() }}) as account_id,
        cast(employee_id as {{ dbt.type_string() }}) as employee_id,
        cast(survey_type as {{ dbt.type_string() }}) as survey_type,
        cast(score as decimal(18, 4)) as score,
        {{ instant('responded_at') }} as responded_at,
        {{ instant('_loaded_at') }} as loaded_at,
        coalesce(cast(_deleted as boolean), false) as is_deleted
    from {{ source('crm', 'surveys') }}
    where {{ is_known() }}

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['survey_id'],
            then_by=[
                'account_id', 'employee_id', 'survey_type', 'score', 'responded_at',
            ],
        ) }} as version_rank
    from typed

),

final as (

    select
        ranked.survey_id,
        ranked.account_id,
        ranked.employee_id,
        ranked.survey_type,
        ranked.score,
        ranked.responded_at,
        {{ business_date('ranked.responded_at', 'settings.company_time_zone') }} as responded_date,
        ranked.loaded_at
    from ranked
    cross join settings
    where
        ranked.version_rank = 1
        and not ranked.is_deleted

)

select * from final
