{{ config(materialized='when_changed') }}

{#-
    Who owns an account, and when (S0-03): its account manager; under one-off ownership, from the day
    on which the account's first delivery was made, its service consultant.
-#}
with

managers as (

    select *
    from {{ ref('int_account_holders') }}
    where assignment_role = 'account_manager'

),

commissioned as (

    select
        account_id,
        min(delivered_on) as commissioned_on
    from {{ ref('stg_crm__deliveries') }}
    where delivered_on is not null
    group by account_id

),

known as (

    select min(period_month) as first_month
    from {{ ref('dim_periods') }}

),

-- The day that decides, and what the plan of the manager says on it; the first known, if before that.
due as (

    select
        managers.*,
        greatest(managers.valid_from, commissioned.commissioned_on) as passes_on,
        greatest(managers.valid_from, commissioned.commissioned_on, known.first_month) as planned_on
    from managers
    inner join commissioned
        on managers.account_id = commissioned.account_id
    cross join known
    where managers.valid_to is null or managers.valid_to > commissioned.commissioned_on

),

passing as (

    select
        due.account_id,
        due.valid_from as held_from,
        due.passes_on as valid_from,
        due.valid_to
    from due
    inner join {{ ref('int_payee_months') }} as payees
        on
            due.employee_id = payees.employee_id
            and payees.period_month = {{ month_of('due.planned_on') }}
    inner join {{ ref('policy_commission_plans') }} as plans
        on
            payees.plan_id = plans.plan_id
            and {{ holds_on('plans', 'due.planned_on') }}
    where plans.ownership = 'one_off'

),

final as (

    select
        managers.account_id,
        managers.employee_id,
        managers.team_id,
        managers.valid_from,
        coalesce(passing.valid_from, managers.valid_to) as valid_to,
        false as has_passed_on
    from managers
    left join passing
        on
            managers.account_id = passing.account_id
            and managers.valid_from = passing.held_from
    where passing.valid_from is null or managers.valid_from < passing.valid_from
    union all
    select
        passing.account_id,
        servers.employee_id,
        servers.team_id,
        greatest(passing.valid_from, servers.valid_from) as valid_from,
        least(passing.valid_to, servers.valid_to) as valid_to,
        true as has_passed_on
    from passing
    inner join {{ ref('int_account_holders') }} as servers
        on
            passing.account_id = servers.account_id
            and servers.assignment_role = 'service_consultant'
            and {{ overlap('passing', 'servers') }}

)

select * from final
