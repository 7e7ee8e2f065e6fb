{{ config(
    materialized='compared',
    holds_from='valid_from',
) }}

{#-
    The segment of every account, and since when: the first rule that fits what was known of it
    (S4-01). A version of the account counts from the day it was loaded, the first from the beginning.
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

-- What counted at the end of each day on which something was loaded.
daily as (

    select
        *,
        {{ version_rank(
            key=['account_id', 'loaded_on'],
            then_by=['ownership_type', 'designation', 'employee_count'],
        ) }} as version_rank
    from versions

),

fitting as (

    select
        daily.account_id,
        daily.loaded_on,
        segments.segment,
        segments.rule_order,
        row_number() over (
            partition by daily.account_id, daily.loaded_on
            order by segments.rule_order
        ) as fit_rank
    from daily
    left join {{ ref('policy_segments') }} as segments
        on
            not daily.is_deleted
            and coalesce(segments.designation, daily.designation, '') = coalesce(daily.designation, '')
            and coalesce(segments.ownership_type, daily.ownership_type, '')
            = coalesce(daily.ownership_type, '')
            and coalesce(segments.minimum_employee_count, 0) <= coalesce(daily.employee_count, 0)
    where daily.version_rank = 1

),

turns as (

    select
        account_id,
        segment,
        rule_order,
        loaded_on,
        lag(loaded_on) over (partition by account_id order by loaded_on) as former_on,
        lag(rule_order) over (partition by account_id order by loaded_on) as former_order
    from fitting
    where fit_rank = 1

),

sliced as (

    select
        account_id,
        segment,
        rule_order,
        case when former_on is null then cast('0001-01-01' as date) else loaded_on end as valid_from,
        lead(loaded_on) over (partition by account_id order by loaded_on) as valid_to
    from turns
    where former_on is null or coalesce(rule_order, -1) <> coalesce(former_order, -1)

),

final as (

    select
        account_id,
        segment,
        rule_order,
        valid_from,
        valid_to
    from sliced
    where segment is not null

)

select * from final
