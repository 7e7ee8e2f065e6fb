{{ config(
    materialized='compared',
    holds_from='valid_from',
) }}

{#-
    Who is credited through an account, by rule, and when: its owner, the holders of other duties on
    it, and those to whom a direct credit of theirs rolls up, with the rule that it was given by (S4-10).
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
        held.account_id,
        rules.credit_rule_id,
        cast(null as {{ dbt.type_string() }}) as through_rule_id,
        held.employee_id,
        held.team_id,
        held.valid_from,
        held.valid_to
    from held
    inner join rules
        on held.assignment_role = rules.assignment_role

),

{#- Where a rule is for one segment, as long as the account was in it. -#}
{%- for source, result in [('duties', 'duties_held'), ('heads', 'heads_held')] -%}
{% if source == 'heads' -%}
heads as (

    select
        duties_held.account_id,
        heads.credit_rule_id,
        duties_held.credit_rule_id as through_rule_id,
        heads.head_id as employee_id,
        heads.team_id,
        greatest(duties_held.valid_from, heads.valid_from) as valid_from,
        least(duties_held.valid_to, heads.valid_to) as valid_to
    from duties_held
    inner join rules
        on
            duties_held.credit_rule_id = rules.credit_rule_id
            and rules.credit_kind = 'direct'
    inner join {{ ref('int_credited_heads') }} as heads
        on
            duties_held.employee_id = heads.employee_id
            and {{ overlap('duties_held', 'heads') }}

),

{% endif -%}
{{ result }} as (

    select {{ source }}.*
    from {{ source }}
    inner join rules
        on {{ source }}.credit_rule_id = rules.credit_rule_id
    where rules.segment is null
    union all
    select
        {{ source }}.account_id,
        {{ source }}.credit_rule_id,
        {{ source }}.through_rule_id,
        {{ source }}.employee_id,
        {{ source }}.team_id,
        greatest({{ source }}.valid_from, segments.valid_from) as valid_from,
        least({{ source }}.valid_to, segments.valid_to) as valid_to
    from {{ source }}
    inner join rules
        on {{ source }}.credit_rule_id = rules.credit_rule_id
    inner join {{ ref('int_account_segments') }} as segments
        on
            {{ source }}.account_id = segments.account_id
            and rules.segment = segments.segment
            and {{ overlap(source, 'segments') }}

),

{% endfor -%}
final as (

    select *
    from duties_held
    union all
    select *
    from heads_held

)

select * from final
