{#-
    Who is credited for each transaction, before any plan is looked at. Whoever held the account on
    the day of the sale is credited; a refund or a cancellation goes to whoever was credited for what
    it takes back, whoever holds the account by then.
-#}
with

transactions as (

    select *
    from {{ ref('fct_transactions') }}

),

-- Two holders of one duty on one day are a finding; the newer assignment is credited.
account_holders as (

    select
        transactions.transaction_id,
        transactions.transaction_date,
        assignments.assignment_role,
        assignments.employee_id,
        assignments.team_id,
        row_number() over (
            partition by transactions.transaction_id, assignments.assignment_role
            order by assignments.valid_from desc, assignments.assignment_id desc
        ) as holder_rank
    from transactions
    inner join {{ ref('stg_crm__account_assignments') }} as assignments
        on
            transactions.account_id = assignments.account_id
            and {{ holds_on('assignments', 'transactions.transaction_date') }}
    where transactions.reverses_transaction_id is null

),

-- Where deals have owners of their own, a credit rule for `opportunity_owner` credits them.
all_holders as (

    select
        transaction_id,
        transaction_date,
        assignment_role,
        employee_id,
        team_id
    from account_holders
    where holder_rank = 1
    union all
    select
        transactions.transaction_id,
        transactions.transaction_date,
        'opportunity_owner' as assignment_role,
        opportunities.owner_id as employee_id,
        cast(null as {{ dbt.type_string() }}) as team_id
    from transactions
    inner join {{ ref('stg_crm__opportunities') }} as opportunities
        on transactions.opportunity_id = opportunities.opportunity_id
    where
        transactions.reverses_transaction_id is null
        and opportunities.owner_id is not null

),

holders as (

    select
        all_holders.transaction_id,
        all_holders.assignment_role,
        all_holders.employee_id,
        all_holders.team_id,
        rules.credit_share
    from all_holders
    inner join {{ ref('policy_credit_rules') }} as rules
        on
            all_holders.assignment_role = rules.assignment_role
            and {{ holds_on('rules', 'all_holders.transaction_date') }}

),

credited as (

    select
        transaction_id,
        transaction_id as credited_as,
        assignment_role,
        employee_id,
        team_id,
        credit_share
    from holders
    union all
    select
        transactions.transaction_id,
        transactions.reverses_transaction_id as credited_as,
        holders.assignment_role,
        holders.employee_id,
        holders.team_id,
        holders.credit_share
    from transactions
    inner join holders
        on transactions.reverses_transaction_id = holders.transaction_id

),

final as (

    select
        transaction_id,
        credited_as,
        assignment_role,
        employee_id,
        team_id,
        credit_share
    from credited

)

select * from final
