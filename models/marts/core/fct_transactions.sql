{{ config(
    materialized='by_month',
    changes_of=['billing.contracts.money'],
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
        case
            when events.currency = settings.company_currency then 1
            else rates.rate
        end as exchange_rate,
        {{ in_company_currency('events', 'rates', 'settings') }} as company_amount
    from events
    cross join settings
    left join {{ ref('int_exchange_rates') }} as rates
        on
            events.currency = rates.currency
            and {{ holds_on('rates', 'events.rated_on') }}

),

-- On which days a product is new and a customer newly opened (S0-07): for how long, the plan says.
{% for kind, subject, first_day, source in [
    ('product', 'product_id', 'launched_on', 'dim_products'),
    ('customer', 'account_id', 'first_signed_on', 'int_first_contracts'),
] -%}
new_{{ kind }}s as (

    select
        subjects.{{ subject }},
        classes.valid_from,
        least(classes.valid_to, {{ add_days('subjects.' ~ first_day, 'classes.new_days') }}) as valid_to
    from {{ ref(source) }} as subjects
    cross join {{ ref('policy_new_classes') }} as classes
    where
        classes.class_kind = '{{ kind }}'
        and subjects.{{ first_day }} is not null

),

{% endfor -%}
final as (

    select
        converted.transaction_id,
        converted.transaction_kind,
        converted.reverses_transaction_id,
        converted.account_id,
        converted.contract_id,
        converted.opportunity_id,
        converted.product_id,
        converted.contract_type,
        products.maturity as product_maturity,
        case when new_products.product_id is null then 'established' else 'new' end as product_class,
        case when new_customers.account_id is null then 'repeat' else 'new' end as customer_class,
        converted.currency,
        converted.amount,
        cast(converted.exchange_rate as decimal(18, 8)) as exchange_rate,
        converted.company_amount,
        coalesce(products.is_key_product, false) as is_key_product,
        converted.period_month,
        converted.transaction_date,
        converted.contract_signed_on
    from converted
    left join {{ ref('dim_products') }} as products
        on converted.product_id = products.product_id
    left join new_products
        on
            converted.product_id = new_products.product_id
            and {{ holds_on('new_products', 'converted.transaction_date') }}
    left join new_customers
        on
            converted.account_id = new_customers.account_id
            and {{ holds_on('new_customers', 'converted.transaction_date') }}

)

select * from final
