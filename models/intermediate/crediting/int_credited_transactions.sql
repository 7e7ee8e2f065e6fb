{{ config(materialized='ephemeral') }}

{#-
    Who is credited for each transaction, before any plan is looked at. Whoever held the account on
    the day of the sale is credited; a refund or a cancellation goes to whoever was credited for what
    it takes back, whoever holds the account by then.
-#}
with

transactions as (

    select
        transaction_id,
        transaction_id as credited_as,
        account_id,
        opportunity_id,
        period_month,
        transaction_date as credited_on
    from {{ ref('fct_transactions') }}
    where
        reverses_transaction_id is null
        and {{ in_months('period_month') }}
    union all
    -- What is taken back stands for itself, on the day it was sold.
    select
        transaction_id,
        credited_as,
        account_id,
        opportunity_id,
        period_month,
        credited_on
    from {{ ref('int_reversal_origins') }}
    where {{ in_months('period_month') }}

),

all_holders as (

    select
        transactions.transaction_id,
        transactions.credited_as,
        transactions.credited_on,
        transactions.period_month,
        holders.assignment_role,
        holders.employee_id,
        holders.team_id
    from transactions
    inner join {{ ref('int_account_holders') }} as holders
        on
            transactions.account_id = holders.account_id
            and {{ holds_on('holders', 'transactions.credited_on') }}
    union all
    -- Where deals have owners of their own, a credit rule for `opportunity_owner` credits them.
    select
        transactions.transaction_id,
        transactions.credited_as,
        transactions.credited_on,
        transactions.period_month,
        'opportunity_owner' as assignment_role,
        owners.owner_id as employee_id,
        cast(null as {{ dbt.type_string() }}) as team_id
    from transactions
    inner join {{ ref('int_opportunity_owners') }} as owners
        on transactions.opportunity_id = owners.opportunity_id

),

final as (

    select
        all_holders.transaction_id,
        all_holders.credited_as,
        all_holders.assignment_role,
        all_holders.employee_id,
        all_holders.team_id,
        rules.credit_share,
        all_holders.period_month
    from all_holders
    inner join {{ ref('policy_credit_rules') }} as rules
        on
            all_holders.assignment_role = rules.assignment_role
            and {{ holds_on('rules', 'all_holders.credited_on') }}

)

select * from final
