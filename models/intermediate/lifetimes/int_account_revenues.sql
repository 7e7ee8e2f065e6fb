{{ config(materialized='by_month') }}

{#- What each customer brought in a month, in the transactions that the plan calls revenue (S2-05). -#}
with

final as (

    select
        transactions.account_id,
        cast(sum(bases.sign * transactions.company_amount) as decimal(18, 4)) as revenue_amount,
        transactions.period_month
    from {{ ref('fct_transactions') }} as transactions
    cross join {{ ref('stg_policy__settings') }} as settings
    inner join {{ ref('policy_commission_bases') }} as bases
        on
            settings.lifetime_revenue_basis = bases.commission_basis
            and transactions.transaction_kind = bases.transaction_kind
    where
        transactions.account_id is not null
        and transactions.company_amount is not null
        and {{ in_months('transactions.period_month') }}
    group by transactions.account_id, transactions.period_month

)

select * from final
