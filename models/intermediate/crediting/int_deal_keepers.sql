{{ config(
    materialized='by_month',
    is_light=true,
    changes_of=['crm.opportunities.closings'],
    reach={'fct_opportunities': 'nothing'},
) }}

{#-
    The people of every won deal, by the month it was closed in: its owner and its team. Sellers
    whose shares make a whole split the deal between them and go before its owner; shares count
    as a whole where they miss it by their own rounding (S4-06). Who is on a team is found by ranking
    all teams, so there is one batch.
-#}
with

deals as (

    select
        opportunity_id,
        owner_id,
        closed_date,
        {{ month_of('closed_date') }} as period_month
    from {{ ref('fct_opportunities') }}
    where
        outcome = 'won'
        and {{ in_months('closed_date') }}

),

direct_rules as (

    select *
    from {{ ref('policy_credit_rules') }}
    where
        credit_kind = 'direct'
        and assignment_role in ('opportunity_team', 'opportunity_owner')

),

members as (

    select
        deals.*,
        team.employee_id,
        team.team_role,
        coalesce(team.credit_share, 1) as credit_share,
        rules.credit_rule_id
    from deals
    inner join {{ ref('stg_crm__opportunity_team') }} as team
        on deals.opportunity_id = team.opportunity_id
    left join direct_rules as rules
        on
            rules.assignment_role = 'opportunity_team'
            and team.team_role = rules.team_role
            and {{ holds_on('rules', 'deals.closed_date') }}

),

splits as (

    select
        opportunity_id,
        {{ scaled_integer('sum(credit_share)', 6) }} as millionths,
        count(*) as seller_count
    from members
    where credit_rule_id is not null
    group by opportunity_id

),

whole_splits as (

    select opportunity_id
    from splits
    where abs(millionths - 1000000) <= seller_count

),

owners as (

    select
        deals.*,
        case when whole_splits.opportunity_id is null then rules.credit_rule_id end as credit_rule_id
    from deals
    left join direct_rules as rules
        on
            rules.assignment_role = 'opportunity_owner'
            and {{ holds_on('rules', 'deals.closed_date') }}
    left join whole_splits
        on deals.opportunity_id = whole_splits.opportunity_id
    where deals.owner_id is not null

),

final as (

    select
        opportunity_id,
        'opportunity_owner' as assignment_role,
        owner_id as employee_id,
        credit_rule_id,
        cast(null as {{ dbt.type_string() }}) as team_role,
        cast(1 as decimal(9, 6)) as credit_share,
        period_month
    from owners
    union all
    select
        members.opportunity_id,
        'opportunity_team' as assignment_role,
        members.employee_id,
        case when whole_splits.opportunity_id is not null then members.credit_rule_id end
            as credit_rule_id,
        members.team_role,
        cast(members.credit_share as decimal(9, 6)) as credit_share,
        members.period_month
    from members
    left join whole_splits
        on members.opportunity_id = whole_splits.opportunity_id

)

select * from final
