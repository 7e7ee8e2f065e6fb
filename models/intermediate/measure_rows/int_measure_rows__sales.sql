{{ config(materialized='view') }}

{#- As int_measures__sales adds them up, and new customers as int_measures__customers counts them. -#}
{%- set measures = {
    'booked_sales': "sales_kind = 'booked' and credit_kind = 'direct'",
    'collected_sales': "sales_kind = 'collected' and credit_kind = 'direct'",
    'consumed_sales': "sales_kind = 'consumed' and credit_kind = 'direct'",
    'overlay_sales': "sales_kind = 'booked' and credit_kind = 'overlay'",
    'key_product_sales': "sales_kind = 'booked' and credit_kind = 'direct' and is_key_product",
    'new_market_sales': "sales_kind = 'booked' and credit_kind = 'direct' and customer_class = 'new'",
    'upsell_sales': "sales_kind = 'booked' and credit_kind = 'direct' and contract_type = 'upsell'",
    'cross_sell_sales': "sales_kind = 'booked' and credit_kind = 'direct' and contract_type = 'cross_sell'",
} -%}

with

signed as (

    select
        credits.employee_id,
        cast(null as {{ dbt.type_string() }}) as landing_table,
        credits.transaction_id as row_key,
        cast(null as date) as row_day,
        credits.credit_kind,
        credits.period_month,
        case credits.transaction_kind
            when 'cancelled' then 'booked'
            when 'refunded' then 'collected'
            else credits.transaction_kind
        end as sales_kind,
        case
            when credits.transaction_kind in ('cancelled', 'refunded') then -credits.credit_amount
            else credits.credit_amount
        end as amount,
        credits.is_key_product,
        credits.customer_class,
        credits.contract_type
    from {{ ref('fct_credits') }} as credits
    where credits.employee_id is not null

),

-- A new customer counts once, by the first of its contracts of that day.
firsts as (

    select
        credits.employee_id,
        cast(null as {{ dbt.type_string() }}) as landing_table,
        credits.transaction_id as row_key,
        cast(null as date) as row_day,
        credits.period_month,
        row_number() over (
            partition by credits.employee_id, credits.period_month, credits.account_id
            order by credits.transaction_id, credits.assignment_role
        ) = 1 as is_first
    from {{ ref('fct_credits') }} as credits
    inner join {{ ref('int_first_contracts') }} as accounts
        on
            credits.account_id = accounts.account_id
            and credits.transaction_date = accounts.first_signed_on
    where
        credits.employee_id is not null
        and credits.transaction_kind = 'booked'
        and credits.credit_kind = 'direct'

),

final as (

    {% for measure, condition in measures.items() -%}
    {{ measure_row(measure, 'amount') }}
    from signed
    where {{ condition }}
    union all
    {% endfor -%}
    {{ measure_row('new_customers', 'case when is_first then 1 else 0 end') }}
    from firsts

)

select * from final
