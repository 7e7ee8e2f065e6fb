{{ config(
    materialized='by_month',
    batch_factor=8,
    changes_of=['crm.opportunities.closings'],
    reach={'fct_opportunities': 'nothing'},
) }}

{#-
    Whom a payee supported in a month, and how much: the owners of the deals closed with the payee on
    the deal's team, by the amount of those deals (S0-09); and on the last day of the month the
    holders of the accounts that the payee's teams serve, by their number (S0-11).
-#}
with

settings as (

    select company_currency
    from {{ ref('stg_policy__settings') }}

),

closed_deals as (

    select
        supporters.employee_id,
        opportunities.owner_id,
        {{ month_of('opportunities.closed_date') }} as period_month,
        {{ in_company_currency('opportunities', 'rates', 'settings') }} as amount
    from {{ ref('fct_opportunities') }} as opportunities
    inner join {{ ref('stg_crm__opportunity_team') }} as supporters
        on opportunities.opportunity_id = supporters.opportunity_id
    cross join settings
    left join {{ ref('int_exchange_rates') }} as rates
        on
            opportunities.currency = rates.currency
            and {{ holds_on('rates', 'opportunities.closed_date') }}
    where
        opportunities.outcome in ('won', 'lost')
        and {{ in_months('opportunities.closed_date') }}

),

-- Heads whose plan asks for it, and what those in their teams hold.
served as (

    select
        heads.employee_id,
        heads.period_month,
        heads.last_day,
        holders.account_id
    from {{ ref('int_payee_months') }} as heads
    inner join {{ ref('policy_upstream_weights') }} as weights
        on
            heads.plan_id = weights.plan_id
            and weights.link = 'served_accounts'
            and {{ holds_on('weights', 'heads.last_day') }}
    inner join {{ ref('int_team_ancestors') }} as ancestors
        on heads.team_id = ancestors.ancestor_team_id
    inner join {{ ref('int_payee_months') }} as members
        on
            ancestors.team_id = members.team_id
            and heads.period_month = members.period_month
    inner join {{ ref('int_account_holders') }} as holders
        on
            members.employee_id = holders.employee_id
            and holders.assignment_role <> weights.upstream_role
            and {{ holds_on('holders', 'heads.last_day') }}
    where
        {{ in_months('heads.period_month') }}
        and {{ in_months('members.period_month') }}
    group by heads.employee_id, heads.period_month, heads.last_day, holders.account_id

),

final as (

    select
        employee_id,
        'shared_deals' as link,
        owner_id as supported_id,
        cast(sum(amount) as decimal(18, 4)) as support,
        period_month
    from closed_deals
    where amount is not null and owner_id is not null
    group by employee_id, owner_id, period_month
    union all
    select
        served.employee_id,
        'served_accounts' as link,
        holders.employee_id as supported_id,
        cast(count(*) as decimal(18, 4)) as support,
        served.period_month
    from served
    inner join {{ ref('int_account_holders') }} as holders
        on
            served.account_id = holders.account_id
            and holders.assignment_role = 'account_manager'
            and {{ holds_on('holders', 'served.last_day') }}
    group by served.employee_id, holders.employee_id, served.period_month

)

select * from final
