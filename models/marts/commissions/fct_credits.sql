{{ config(
    materialized='by_month',
    reach={'int_deal_keepers': 'deals'},
) }}

with

-- Dealt out to a deal's own sellers, and what rolls up to those above them or above a delivery.
dealt as (

    select *
    from {{ ref('int_split_credits') }}
    where {{ in_months('period_month') }}
    union all
    select *
    from {{ ref('int_lead_head_credits') }}

),

credited as (

    select
        transaction_id,
        credit_rule_id,
        employee_id,
        team_id,
        credit_kind,
        assignment_role,
        transaction_kind,
        reverses_transaction_id,
        account_id,
        contract_id,
        product_id,
        contract_type,
        product_maturity,
        product_class,
        customer_class,
        credit_share,
        -- Most sales are credited whole, and the product of two wide decimals is dear.
        case
            when credit_share = 1 then company_amount
            else cast({{ rounded_product('company_amount', 'credit_share') }} as decimal(18, 4))
        end as credit_amount,
        is_key_product,
        period_month,
        transaction_date
    from {{ ref('int_credited_transactions') }}
    where
        company_amount is not null
        and {{ in_months('period_month') }}
    union all
    select
        dealt.transaction_id,
        dealt.credit_rule_id,
        dealt.employee_id,
        dealt.team_id,
        dealt.credit_kind,
        dealt.assignment_role,
        transactions.transaction_kind,
        transactions.reverses_transaction_id,
        transactions.account_id,
        transactions.contract_id,
        transactions.product_id,
        transactions.contract_type,
        transactions.product_maturity,
        transactions.product_class,
        transactions.customer_class,
        dealt.credit_share,
        dealt.credit_amount,
        transactions.is_key_product,
        transactions.period_month,
        transactions.transaction_date
    from dealt
    inner join {{ ref('fct_transactions') }} as transactions
        on dealt.transaction_id = transactions.transaction_id
    where {{ in_months('transactions.period_month') }}

),

final as (

    select
        credited.transaction_id,
        credited.employee_id,
        credited.credit_rule_id,
        credited.credit_kind,
        credited.assignment_role,
        credited.team_id,
        jobs.region,
        credited.transaction_kind,
        credited.reverses_transaction_id,
        credited.account_id,
        credited.contract_id,
        credited.product_id,
        credited.contract_type,
        credited.product_maturity,
        credited.product_class,
        credited.customer_class,
        credited.credit_share,
        credited.credit_amount,
        credited.is_key_product,
        credited.period_month,
        credited.transaction_date
    from credited
    -- The payee's region as of the day, not today's.
    left join {{ ref('int_job_months') }} as jobs
        on
            credited.employee_id = jobs.employee_id
            and credited.period_month = jobs.period_month
            and credited.transaction_date >= jobs.slice_from
            and credited.transaction_date < jobs.slice_to

)

select * from final
