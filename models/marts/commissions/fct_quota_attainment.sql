{{ config(
    materialized='by_month',
    is_light=true,
    reach={'int_commissionable_credits': 'windows'},
) }}

with

settings as (

    select company_currency
    from {{ ref('stg_policy__settings') }}

),

-- What is not asked yet of hires.
reliefs as (

    select
        employee_id,
        quota_from,
        sum(relief_amount) as relief_amount
    from {{ ref('int_quota_reliefs') }}
    group by employee_id, quota_from

),

windows as (

    select
        quotas.employee_id,
        coalesce(quotas.currency, settings.company_currency) as currency,
        cast(quotas.quota_amount - coalesce(reliefs.relief_amount, 0) as decimal(18, 4)) as quota_amount,
        quotas.valid_from,
        quotas.valid_to,
        {{ add_days('quotas.valid_to', -1) }} as last_day,
        coalesce(quotas.valid_to <= known.known_on, false) as is_over
    from {{ ref('stg_hr__quotas') }} as quotas
    cross join {{ ref('int_known_day') }} as known
    cross join settings
    left join reliefs
        on
            quotas.employee_id = reliefs.employee_id
            and quotas.valid_from = reliefs.quota_from
    where
        quotas.valid_from <= known.known_on
        and {{ in_months(add_days('quotas.valid_to', -1)) }}

),

sales as (

    select
        windows.employee_id,
        windows.valid_from,
        sum(credits.signed_amount) as sales_amount
    from windows
    inner join {{ ref('int_commissionable_credits') }} as credits
        on
            windows.employee_id = credits.employee_id
            and windows.currency = credits.currency
            and windows.valid_from <= credits.transaction_date
            and (windows.valid_to is null or windows.valid_to > credits.transaction_date)
    group by windows.employee_id, windows.valid_from

),

final as (

    select
        windows.employee_id,
        windows.currency,
        windows.quota_amount,
        cast(coalesce(sales.sales_amount, 0) as decimal(18, 4)) as sales_amount,
        cast(
            {{ exact_quotient('coalesce(sales.sales_amount, 0)', 'windows.quota_amount', 10) }}
            as decimal(24, 10)
        ) as attainment,
        coalesce(
            windows.quota_amount > 0
            and coalesce(sales.sales_amount, 0) >= windows.quota_amount,
            false
        ) as is_reached,
        windows.is_over,
        {{ month_of('windows.last_day') }} as period_month,
        windows.valid_from,
        windows.valid_to
    from windows
    left join sales
        on
            windows.employee_id = sales.employee_id
            and windows.valid_from = sales.valid_from

)

select * from final
