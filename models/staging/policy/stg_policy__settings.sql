with

settings as (

    select
        setting,
        value
    from {{ ref('policy_settings') }}

),

final as (

    select
        max(case when setting = 'company_currency' then value end) as company_currency,
        max(case when setting = 'company_time_zone' then value end) as company_time_zone,
        cast(max(case when setting = 'fiscal_year_start_month' then value end) as integer)
            as fiscal_year_start_month,
        cast(max(case when setting = 'renewal_grace_days' then value end) as integer)
            as renewal_grace_days,
        cast(max(case when setting = 'fast_response_seconds' then value end) as integer)
            as fast_response_seconds,
        cast(max(case when setting = 'slow_response_seconds' then value end) as integer)
            as slow_response_seconds,
        cast(max(case when setting = 'promoter_from_score' then value end) as integer)
            as promoter_from_score,
        cast(max(case when setting = 'detractor_to_score' then value end) as integer)
            as detractor_to_score,
        max(case when setting = 'skipped_stage_counts_as_passed' then value end) = 'true'
            as skipped_stage_counts_as_passed,
        max(case when setting = 'response_hours' then value end) = 'business' as counts_business_hours,
        cast(max(case when setting = 'business_opens_seconds' then value end) as integer)
            as business_opens_seconds,
        cast(max(case when setting = 'business_closes_seconds' then value end) as integer)
            as business_closes_seconds,
        max(case when setting = 'lifetime_revenue_basis' then value end) as lifetime_revenue_basis,
        cast(max(case when setting = 'health_lead_days' then value end) as integer)
            as health_lead_days,
        cast(max(case when setting = 'health_valid_days' then value end) as integer)
            as health_valid_days,
        max(case when setting = 'pay_rate_day' then value end) as pay_rate_day,
        cast(max(case when setting = 'payday' then value end) as integer) as payday
    from settings

)

select * from final
