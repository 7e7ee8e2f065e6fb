{{ config(materialized='by_month') }}

{#- Booked sales of key products, what was cancelled taken back (S1-02). -#}
with

key_product_sales as (

    select
        employee_id,
        period_month,
        sum(
            case transaction_kind
                when 'booked' then credit_amount
                else -credit_amount
            end
        ) as amount
    from {{ ref('fct_credits') }}
    where
        transaction_kind in ('booked', 'cancelled')
        and is_key_product
        and {{ in_months('period_month') }}
    group by employee_id, period_month

),

final as (

    select
        employee_id,
        'key_product_sales' as measure,
        cast(amount as decimal(18, 4)) as numerator,
        cast(null as decimal(18, 4)) as denominator,
        period_month
    from key_product_sales

)

select * from final
