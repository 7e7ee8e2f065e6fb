{{ config(materialized='ephemeral') }}

{#-
    Sales that a plan may have to convert, with their own currency: those of another currency than the company's, and
    those of whoever has a plan in another. Most companies have few; a month of all of them would not fit into memory.
-#}
with

settings as (

    select company_currency
    from {{ ref('stg_policy__settings') }}

),

paid_in_others as (

    select rules.employee_id
    from {{ ref('int_payee_commission_rules') }} as rules
    cross join settings
    where rules.currency <> settings.company_currency
    group by rules.employee_id

),

final as (

    select
        transactions.transaction_id,
        transactions.currency,
        transactions.amount
    from {{ ref('fct_transactions') }} as transactions
    cross join settings
    where
        {{ in_months('transactions.period_month') }}
        and (
            transactions.currency <> settings.company_currency
            or transactions.transaction_id in (
                select credits.transaction_id
                from {{ ref('fct_credits') }} as credits
                inner join paid_in_others
                    on credits.employee_id = paid_in_others.employee_id
                where {{ in_months('credits.period_month') }}
            )
        )

)

select * from final
