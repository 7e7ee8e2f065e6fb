{{ config(
    materialized='compared',
    holds_from='valid_from',
) }}

{#-
    Who is credited through an account, by rule, and when: its owner, the holders of other duties on
    it, and those to whom a direct credit of theirs rolls up. Where a rule is for one segment, as
    long as the account was in it (S4-10).
-#}
with

rules as (

    select *
    from {{ ref('policy_credit_rules') }}

),

held as (

    select
        account_id,
        'account_manager' as assignment_role,
        employee_id,
        team_id,
        valid_from,
        valid_to
    from {{ ref('int_account_owners') }}
    union all
    select
        account_id,
        assignment_role,
        employee_id,
        team_id,
        valid_from,
        valid_to
    from {{ ref('int_account_holders') }}
    where assignment_role <> 'account_manager'

),

duties as (

    select
        held.*,
        rules.credit_rule_id,
        rules.credit_kind
    from held
    inner join rules
        on held.assignment_role = rules.assignment_role

),

holders as (

    select
        account_id,
        credit_rule_id,
        employee_id,
        team_id,
        valid_from,
        valid_to
    from duties
    union all
    select
        duties.account_id,
        heads.credit_rule_id,
        heads.head_id as employee_id,
        heads.team_id,
        greatest(duties.valid_from, heads.valid_from) as valid_from,
        least(duties.valid_to, heads.valid_to) as valid_to
    from duties
    inner join {{ ref('int_credited_heads') }} as heads
        on
            duties.employee_id = heads.employee_id
            and {{ overlap('duties', 'heads') }}
    where duties.credit_kind = 'direct'

),

segmented as (

    select
        holders.account_id,
        holders.credit_rule_id,
        holders.employee_id,
        holders.team_id,
        greatest(holders.valid_from, segments.valid_from) as valid_from,
        least(holders.valid_to, segments.valid_to) as valid_to
    from holders
    inner join rules
        on holders.credit_rule_id = rules.credit_rule_id
    inner join {{ ref('int_account_segments') }} as segments
        on
            holders.account_id = segments.account_id
            and rules.segment = segments.segment
            and {{ overlap('holders', 'segments') }}

),

final as (

    select holders.*
    from holders
    inner join rules
        on holders.credit_rule_id = rules.credit_rule_id
    where rules.segment is null
    union all
    select *
    from segmented

)

select * from final
