{{ config(materialized='ephemeral') }}

{#-
    Who is credited for each transaction, before any plan is looked at. A credit rule names a duty:
    whoever held it on the account on the day of the sale is credited, or the deal's own owner. A
    refund or a cancellation goes to whoever was credited for what it takes back, whoever holds the
    account by then.
-#}
with

sold as (

    select
        *,
        transaction_id as credited_as,
        account_id as credited_account_id,
        opportunity_id as credited_opportunity_id,
        transaction_date as credited_on
    from {{ ref('fct_transactions') }}
    where
        reverses_transaction_id is null
        and {{ in_months('period_month') }}
    union all
    -- What is taken back stands for itself, on the day it was sold.
    select
        transactions.*,
        origins.credited_as,
        origins.account_id as credited_account_id,
        origins.opportunity_id as credited_opportunity_id,
        origins.credited_on
    from {{ ref('fct_transactions') }} as transactions
    inner join {{ ref('int_reversal_origins') }} as origins
        on transactions.transaction_id = origins.transaction_id
    where
        {{ in_months('transactions.period_month') }}
        and {{ in_months('origins.period_month') }}

),

-- Who holds a duty on an account, and who owns a deal, as one: what is held, by whom, when.
keepers as (

    select
        account_id as kept_id,
        assignment_role,
        employee_id,
        team_id,
        valid_from,
        valid_to
    from {{ ref('int_account_holders') }}
    union all
    select
        opportunity_id as kept_id,
        'opportunity_owner' as assignment_role,
        owner_id as employee_id,
        cast(null as {{ dbt.type_string() }}) as team_id,
        cast('0001-01-01' as date) as valid_from,
        cast(null as date) as valid_to
    from {{ ref('int_opportunity_owners') }}

),

final as (

    select
        sold.*,
        rules.assignment_role,
        rules.credit_share,
        keepers.employee_id,
        keepers.team_id
    from sold
    inner join {{ ref('policy_credit_rules') }} as rules
        on {{ holds_on('rules', 'sold.credited_on') }}
    inner join keepers
        on
            keepers.kept_id = case
                when rules.assignment_role = 'opportunity_owner' then sold.credited_opportunity_id
                else sold.credited_account_id
            end
            and rules.assignment_role = keepers.assignment_role
            and {{ holds_on('keepers', 'sold.credited_on') }}

)

select * from final
