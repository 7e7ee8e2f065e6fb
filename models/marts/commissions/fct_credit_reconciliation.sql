{{ config(
    materialized='by_month',
    is_light=true,
) }}

with

sold as (

    select
        period_month,
        transaction_kind,
        count(*) as transaction_count,
        sum(company_amount) as company_amount
    from {{ ref('fct_transactions') }}
    where {{ in_months('period_month') }}
    group by period_month, transaction_kind

),

credited as (

    select
        period_month,
        transaction_kind,
        sum(case when credit_kind = 'direct' then credit_amount end) as direct_amount,
        sum(case when credit_kind = 'overlay' then credit_amount end) as overlay_amount,
        sum(case when credit_kind = 'roll_up' then credit_amount end) as roll_up_amount
    from {{ ref('fct_credits') }}
    where {{ in_months('period_month') }}
    group by period_month, transaction_kind

),

uncredited as (

    select
        period_month,
        transaction_kind,
        count(*) as uncredited_count,
        sum(company_amount) as uncredited_amount
    from {{ ref('int_uncredited_transactions') }}
    where {{ in_months('period_month') }}
    group by period_month, transaction_kind

),

joined as (

    select
        sold.transaction_kind,
        sold.transaction_count,
        coalesce(uncredited.uncredited_count, 0) as uncredited_count,
        coalesce(sold.company_amount, 0) as company_amount,
        coalesce(credited.direct_amount, 0) as direct_amount,
        coalesce(uncredited.uncredited_amount, 0) as uncredited_amount,
        coalesce(credited.overlay_amount, 0) as overlay_amount,
        coalesce(credited.roll_up_amount, 0) as roll_up_amount,
        sold.period_month
    from sold
    left join credited
        on
            sold.period_month = credited.period_month
            and sold.transaction_kind = credited.transaction_kind
    left join uncredited
        on
            sold.period_month = uncredited.period_month
            and sold.transaction_kind = uncredited.transaction_kind

),

final as (

    select
        joined.transaction_kind,
        settings.company_currency as currency,
        joined.transaction_count,
        joined.uncredited_count,
        cast(joined.company_amount as decimal(18, 4)) as company_amount,
        cast(joined.direct_amount as decimal(18, 4)) as direct_amount,
        cast(joined.uncredited_amount as decimal(18, 4)) as uncredited_amount,
        cast(
            joined.company_amount - joined.direct_amount - joined.uncredited_amount as decimal(18, 4)
        ) as difference_amount,
        cast(joined.overlay_amount as decimal(18, 4)) as overlay_amount,
        cast(joined.roll_up_amount as decimal(18, 4)) as roll_up_amount,
        joined.period_month
    from joined
    cross join {{ ref('stg_policy__settings') }} as settings

)

select * from final
