{{ config(materialized='by_month') }}

{#- Units of products whose use was credited directly, by bonus: what blocks are made of (S1-06). -#}
with

used as (

    select
        'consumed:' || consumption_id as transaction_id,
        quantity
    from {{ ref('stg_billing__consumption') }}
    where
        quantity is not null
        and {{ in_months('consumed_on') }}

),

-- Most payees have no such bonus: theirs are found before anything that was used is read.
counted as (

    select
        credits.transaction_id,
        credits.employee_id,
        bonuses.bonus_id,
        credits.credit_share,
        credits.period_month
    from {{ ref('fct_credits') }} as credits
    inner join {{ ref('int_payee_months') }} as payees
        on
            credits.employee_id = payees.employee_id
            and credits.period_month = payees.period_month
    inner join {{ ref('policy_bonuses') }} as bonuses
        on
            payees.plan_id = bonuses.plan_id
            and bonuses.earned_when = 'units_sold'
            and {{ holds_on('bonuses', 'credits.transaction_date') }}
    left join {{ ref('dim_products') }} as products
        on credits.product_id = products.product_id
    where
        credits.transaction_kind = 'consumed'
        and credits.credit_kind = 'direct'
        and {{ in_months('credits.period_month') }}
        and coalesce(bonuses.market, products.market, '') = coalesce(products.market, '')

),

final as (

    select
        counted.employee_id,
        counted.bonus_id,
        cast(
            sum(round(cast(used.quantity as decimal(28, 4)) * counted.credit_share, 4))
            as decimal(18, 4)
        ) as unit_count,
        counted.period_month
    from counted
    inner join used
        on counted.transaction_id = used.transaction_id
    group by counted.employee_id, counted.bonus_id, counted.period_month

)

select * from final
