{#-
    What was known of each account, and since when: a version counts from the day it was loaded, the
    first from the beginning. Of those loaded on one day the last one counts.
-#}
with

settings as (

    select company_time_zone
    from {{ ref('stg_policy__settings') }}

),

versions as (

    select
        accounts.*,
        {{ business_date('accounts.loaded_at', 'settings.company_time_zone') }} as loaded_on
    from {{ ref('base_crm__accounts') }} as accounts
    cross join settings

),

ranked as (

    select
        *,
        {{ version_rank(
            key=['account_id', 'loaded_on'],
            then_by=['ownership_type', 'designation', 'employee_count', 'industry', 'region'],
        ) }} as version_rank
    from versions

),

daily as (

    select
        *,
        row_number() over (partition by account_id order by loaded_on) as version_number,
        lead(loaded_on) over (partition by account_id order by loaded_on) as valid_to
    from ranked
    where version_rank = 1

),

final as (

    select
        account_id,
        industry,
        region,
        ownership_type,
        designation,
        employee_count,
        is_deleted,
        case when version_number = 1 then cast('0001-01-01' as date) else loaded_on end as valid_from,
        valid_to
    from daily

)

select * from final
