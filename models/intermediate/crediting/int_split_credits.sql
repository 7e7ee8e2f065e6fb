{{ config(
    materialized='by_month',
    reach={'int_deal_keepers': 'deals'},
) }}

{#- Credits of won deals with sellers of their own, and what of them rolls up to those above (S4-06). -#}
with

dealt as (

    select *
    from {{ ref('int_seller_credits') }}

),

-- A rule looks at jobs and segments on the day that it names.
ruled as (

    select
        dealt.*,
        rules.credit_rule_id as head_rule_id,
        rules.credit_kind,
        rules.assignment_role as head_role,
        rules.segment,
        rules.credit_share as rule_share,
        case
            when rules.dated_by = 'contract_signed'
                then coalesce(dealt.contract_signed_on, dealt.credited_on)
            else dealt.credited_on
        end as dated_on
    from dealt
    inner join {{ ref('policy_credit_rules') }} as rules
        on
            rules.assignment_role in ('team_manager', 'dotted_line_manager')
            and {{ holds_on('rules', 'dealt.credited_on') }}

),

rolled_up as (

    select
        ruled.transaction_id,
        ruled.period_month,
        ruled.head_rule_id as credit_rule_id,
        heads.head_id as employee_id,
        max(heads.team_id) as team_id,
        max(ruled.credit_kind) as credit_kind,
        max(ruled.head_role) as assignment_role,
        max(ruled.rule_share) as rule_share,
        sum(ruled.credit_share) as credit_share,
        sum(ruled.units) as units
    from ruled
    inner join {{ ref('int_credited_heads') }} as heads
        on
            ruled.employee_id = heads.employee_id
            and ruled.head_rule_id = heads.credit_rule_id
            and {{ holds_on('heads', 'ruled.dated_on') }}
    left join {{ ref('int_account_segments') }} as segments
        on
            ruled.credited_account_id = segments.account_id
            and {{ holds_on('segments', 'ruled.dated_on') }}
    where ruled.segment is null or ruled.segment = segments.segment
    group by ruled.transaction_id, ruled.period_month, ruled.head_rule_id, heads.head_id

),

final as (

    select
        transaction_id,
        credit_rule_id,
        employee_id,
        cast(null as {{ dbt.type_string() }}) as team_id,
        'direct' as credit_kind,
        assignment_role,
        credit_share,
        {{ from_units('units') }} as credit_amount,
        period_month
    from dealt
    union all
    select
        transaction_id,
        credit_rule_id,
        employee_id,
        team_id,
        credit_kind,
        assignment_role,
        cast(round(rule_share * credit_share, 6) as decimal(9, 6)) as credit_share,
        cast({{ rounded_product(from_units('units'), 'rule_share') }} as decimal(18, 4)) as credit_amount,
        period_month
    from rolled_up

)

select * from final
