{#- Won deals whose sellers' shares do not make a whole: the account's holder is credited instead (S4-06). -#}
with

sellers as (

    select
        deals.opportunity_id,
        deals.credit_share,
        deals.period_month
    from {{ ref('int_deal_keepers') }} as deals
    inner join {{ ref('policy_credit_rules') }} as rules
        on
            deals.assignment_role = rules.assignment_role
            and deals.team_role = rules.team_role
            and {{ holds_on('rules', 'deals.period_month') }}
    where
        rules.credit_kind = 'direct'
        and deals.credit_rule_id is null

),

final as (

    select
        opportunity_id,
        count(*) as seller_count,
        cast(sum(credit_share) as decimal(18, 6)) as credit_share,
        period_month
    from sellers
    group by opportunity_id, period_month

)

select * from final
