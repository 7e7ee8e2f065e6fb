{{ config(
    materialized='by_month',
    changes_of=['billing.contracts'],
) }}

with

settings as (

    select *
    from {{ ref('stg_policy__settings') }}

),

events as (

    select *
    from {{ ref('int_transaction_events') }}
    where {{ in_months('period_month') }}

),

converted as (

    select
        events.*,
        {{ in_company_currency('events', 'rates', 'settings') }} as company_amount
    from events
    cross join settings
    left join {{ ref('int_exchange_rates') }} as rates
        on
            events.currency = rates.currency
            and {{ holds_on('rates', 'events.transaction_date') }}

),

final as (

    select
        converted.transaction_id,
        converted.transaction_kind,
        converted.reverses_transaction_id,
        converted.account_id,
        converted.contract_id,
        converted.opportunity_id,
        converted.product_id,
        -- New and established, newly opened and repeat (S0-07): for how long is a setting.
        case
            when
                converted.transaction_date
                < {{ add_days('products.launched_on', 'settings.new_product_days') }}
                then 'new'
            else 'established'
        end as product_class,
        case
            when
                converted.transaction_date
                < {{ add_days('accounts.first_signed_on', 'settings.new_customer_days') }}
                then 'new'
            else 'repeat'
        end as customer_class,
        converted.currency,
        converted.amount,
        converted.company_amount,
        coalesce(products.is_key_product, false) as is_key_product,
        converted.period_month,
        converted.transaction_date,
        converted.contract_signed_on
    from converted
    cross join settings
    left join {{ ref('dim_products') }} as products
        on converted.product_id = products.product_id
    left join {{ ref('int_first_contracts') }} as accounts
        on converted.account_id = accounts.account_id

)

select * from final
