{{ config(
    materialized='by_month',
    reach={'fct_transactions': 'lines'},
) }}

{#-
    What commission each contract cost, by the month and the plan it was earned in, in the currency it is
    paid in. What is cut of a whole month (a cap, a gate) is cut of its sales in proportion.
-#}
with

lines as (

    select
        employee_id,
        plan_id,
        transaction_id,
        pay_currency,
        pay_amount,
        period_month,
        transaction_date
    from {{ ref('fct_commission_lines') }}
    where
        {{ in_months('period_month') }}
        and pay_amount is not null

),

-- Only months in which something was cut have a share.
cut_months as (

    select
        employee_id,
        plan_id,
        pay_currency,
        period_month,
        sum(pay_amount) as kept_amount,
        sum(case when transaction_id is not null then pay_amount else 0 end) as sold_amount
    from lines
    group by employee_id, plan_id, pay_currency, period_month
    having
        sum(case when transaction_id is null then pay_amount else 0 end) <> 0
        and sum(case when transaction_id is not null then pay_amount else 0 end) > 0

),

-- Nearly all are of the months that are built, whose days are known before any row is read.
contract_lines as (

    {% for months in [
        in_months('transactions.transaction_date'), 'not ' ~ in_months('lines.transaction_date')
    ] -%}
    select
        lines.*,
        transactions.contract_id
    from lines
    inner join {{ ref('fct_transactions') }} as transactions
        on
            lines.transaction_id = transactions.transaction_id
            and lines.transaction_date = transactions.transaction_date
    where {{ months }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

costs as (

    select
        contract_lines.contract_id,
        contract_lines.plan_id,
        contract_lines.pay_currency as currency,
        sum(
            case
                when cut_months.employee_id is null then contract_lines.pay_amount
                else {{ exact_share(
                    'contract_lines.pay_amount', 'cut_months.kept_amount', 'cut_months.sold_amount'
                ) }}
            end
        ) as amount,
        contract_lines.period_month
    from contract_lines
    left join cut_months
        on
            contract_lines.employee_id = cut_months.employee_id
            and contract_lines.plan_id = cut_months.plan_id
            and contract_lines.pay_currency = cut_months.pay_currency
            and contract_lines.period_month = cut_months.period_month
    where contract_lines.contract_id is not null
    group by
        contract_lines.contract_id, contract_lines.plan_id, contract_lines.pay_currency,
        contract_lines.period_month

),

-- Books are kept in the smallest unit of the currency, as the ledger is.
final as (

    select
        costs.contract_id,
        costs.plan_id,
        costs.currency,
        cast(
            {{ rounded_product('costs.amount', 'currencies.units_per_major', places=0, scale=0) }}
            * currencies.unit_amount
            as decimal(18, 4)
        ) as cost_amount,
        costs.period_month
    from costs
    inner join {{ ref('policy_currencies') }} as currencies
        on costs.currency = currencies.currency

)

select * from final
