{{ config(materialized='by_month') }}

{#- New customers by first signature, retention by the contracts falling due (S1-02, S3-02). -#}
with

firsts as (

    select
        credits.employee_id,
        credits.period_month,
        credits.account_id
    from {{ ref('fct_credits') }} as credits
    inner join {{ ref('int_first_contracts') }} as accounts
        on
            credits.account_id = accounts.account_id
            and credits.transaction_date = accounts.first_signed_on
    where
        credits.transaction_kind = 'booked'
        and credits.credit_kind = 'direct'
        and {{ in_months('credits.period_month') }}
    group by credits.employee_id, credits.period_month, credits.account_id

),

holders as (

    -- Who held the account on the due date.
    select
        renewals.contract_id,
        renewals.account_id,
        renewals.period_month,
        renewals.is_renewed,
        account_holders.employee_id
    from {{ ref('fct_renewals') }} as renewals
    inner join {{ ref('int_account_holders') }} as account_holders
        on
            renewals.account_id = account_holders.account_id
            and account_holders.assignment_role = 'account_manager'
            and {{ holds_on('account_holders', 'renewals.due_date') }}
    where {{ in_months('renewals.period_month') }}

),

-- A customer with several contracts due counts once; one renewed is enough (S3-02).
customers_due as (

    select
        employee_id,
        period_month,
        account_id,
        max(case when is_renewed then 1 else 0 end) as renewed
    from holders
    group by employee_id, period_month, account_id

),

final as (

    {{ measure_of('new_customers', 'count(*)') }}
    from firsts
    group by employee_id, period_month
    union all
    {{ measure_of('customer_retention', 'sum(renewed)', 'count(*)') }}
    from customers_due
    group by employee_id, period_month

)

select * from final
