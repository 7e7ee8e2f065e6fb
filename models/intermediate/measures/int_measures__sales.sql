{{ config(materialized='by_month') }}

{#-
    Sales in the three meanings (S0-02), what was taken back taken off, and parts of the booked (S1-02):
    what is credited directly, so that payees' sales add up to the company's. Bookings credited beside
    the seller stand apart (S4-06).
-#}
{%- set parts = {
    'key_product_sales': 'is_key_product',
    'new_market_sales': "customer_class = 'new'",
    'upsell_sales': "contract_type = 'upsell'",
    'cross_sell_sales': "contract_type = 'cross_sell'",
} -%}

{#- Not a name of its own: DuckDB would write a copy of what is named twice. -#}
{%- set signed %}
    select
        credits.employee_id,
        credits.credit_kind,
        credits.period_month,
        case credits.transaction_kind
            when 'cancelled' then 'booked'
            when 'refunded' then 'collected'
            else credits.transaction_kind
        end as sales_kind,
        case
            -- A refund lowers what was collected whether or not its payment is known.
            when credits.transaction_kind in ('cancelled', 'refunded') then -credits.credit_amount
            else credits.credit_amount
        end as amount,
        credits.is_key_product,
        credits.customer_class,
        credits.contract_type
    from {{ ref('fct_credits') }} as credits
    where
        credits.credit_kind in ('direct', 'overlay')
        and {{ in_months('credits.period_month') }}
{% endset -%}

with

by_kind as (

    select
        employee_id,
        sales_kind || '_sales' as measure,
        period_month,
        sum(amount) as amount
    from ({{ signed }}) as signed
    where credit_kind = 'direct'
    group by employee_id, sales_kind, period_month
    union all
    select
        employee_id,
        'overlay_sales' as measure,
        period_month,
        sum(amount) as amount
    from ({{ signed }}) as signed
    where
        credit_kind = 'overlay'
        and sales_kind = 'booked'
    group by employee_id, period_month

),

parts as (

    {% for measure, condition in parts.items() -%}
    select
        employee_id,
        '{{ measure }}' as measure,
        period_month,
        sum(amount) as amount
    from ({{ signed }}) as signed
    where
        credit_kind = 'direct'
        and sales_kind = 'booked'
        and {{ condition }}
    group by employee_id, period_month
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor %}
),

final as (

    {% for source in ['by_kind', 'parts'] -%}
    select
        employee_id,
        measure,
        cast(amount as decimal(18, 4)) as numerator,
        cast(null as decimal(18, 4)) as denominator,
        period_month
    from {{ source }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor %}
)

select * from final
