{{ config(materialized='ephemeral') }}

{#- What was booked on a contract and what it brought, month by month, where a plan pays by that (S0-02). -#}
select
    transactions.contract_id,
    cast(
        sum(
            case when bases.commission_basis = 'booked' then bases.sign else 0 end
            * transactions.company_amount
        ) as decimal(18, 4)
    ) as booked_amount,
    cast(
        sum(
            case when bases.commission_basis = 'collected' then bases.sign else 0 end
            * transactions.company_amount
        ) as decimal(18, 4)
    ) as collected_amount,
    transactions.period_month
from {{ ref('fct_transactions') }} as transactions
inner join {{ ref('policy_commission_bases') }} as bases
    on
        transactions.transaction_kind = bases.transaction_kind
        and bases.commission_basis in ('booked', 'collected')
where
    transactions.contract_id is not null
    and exists (
        select 1
        from {{ ref('policy_commission_plans') }} as plans
        where plans.paid_when = 'collected'
    )
group by transactions.contract_id, transactions.period_month
