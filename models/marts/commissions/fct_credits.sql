{{ config(
    materialized='by_month',
    reach={'int_opportunity_owners': 'deals'},
) }}

with

final as (

    select
        transactions.transaction_id,
        credited.employee_id,
        credited.assignment_role,
        credited.team_id,
        jobs.region,
        transactions.transaction_kind,
        transactions.reverses_transaction_id,
        transactions.account_id,
        transactions.contract_id,
        transactions.product_id,
        transactions.product_class,
        transactions.customer_class,
        credited.credit_share,
        cast(
            round({{ wide('transactions.company_amount') }} * credited.credit_share, 4)
            as decimal(18, 4)
        ) as credit_amount,
        transactions.is_key_product,
        transactions.period_month,
        transactions.transaction_date
    from {{ ref('fct_transactions') }} as transactions
    inner join {{ ref('int_credited_transactions') }} as credited
        on
            transactions.transaction_id = credited.transaction_id
            and transactions.period_month = credited.period_month
    -- The payee's region as of the day, not today's.
    left join {{ ref('int_job_months') }} as jobs
        on
            credited.employee_id = jobs.employee_id
            and transactions.period_month = jobs.period_month
            and transactions.transaction_date >= jobs.slice_from
            and transactions.transaction_date < jobs.slice_to
    where
        transactions.company_amount is not null
        and {{ in_months('transactions.period_month') }}

)

select * from final
