{{ config(materialized='ephemeral') }}

{#-
    What was booked on a contract and what it brought, month by month, where commission waits for it (S0-02):
    in the contract's currency, so that no rate holds back what is paid for; in the company's where cash
    came in another one. A cancellation leaves what was booked: what waits for cash is never released by it.
-#}
with

flows as (

    select
        transactions.contract_id,
        transactions.currency,
        bases.commission_basis,
        bases.sign * transactions.amount as amount,
        bases.sign * transactions.company_amount as company_amount,
        transactions.period_month
    from {{ ref('fct_transactions') }} as transactions
    inner join {{ ref('policy_commission_bases') }} as bases
        on
            transactions.transaction_kind = bases.transaction_kind
            and (
                bases.commission_basis = 'collected'
                or bases.commission_basis = 'booked' and bases.sign > 0
            )
    where transactions.contract_id in (select sales.contract_id from {{ ref('int_cash_paid_sales') }} as sales)

),

currencies as (

    select
        contract_id,
        min(currency) = max(currency) as is_one
    from flows
    group by contract_id

),

final as (

    select
        flows.contract_id,
        {% for basis in ['booked', 'collected'] -%}
        cast(
            sum(
                case
                    when flows.commission_basis <> '{{ basis }}' then 0
                    when currencies.is_one then flows.amount
                    else flows.company_amount
                end
            ) as decimal(18, 4)
        ) as {{ basis }}_amount,
        {% endfor -%}
        flows.period_month
    from flows
    inner join currencies
        on flows.contract_id = currencies.contract_id
    group by flows.contract_id, flows.period_month

)

select * from final
