{{ config(materialized='ephemeral') }}

{#-
    Who is credited for each transaction by the rules, before any plan is looked at: through a duty
    on the account, through the delivery of the contract, or beside the seller through the deal. A
    won deal with sellers of its own is theirs (int_split_credits), and not the account's holder's.
-#}
with

all_rules as (

    select *
    from {{ ref('policy_credit_rules') }}

),

-- What is held, by whom, when, by rule. Each is looked up by itself: a sale that is taken to every rule
-- first and then to its holder is taken there many times over.
accounts_kept as (

    select
        account_id,
        credit_rule_id,
        through_rule_id,
        employee_id,
        team_id,
        cast(1 as decimal(9, 6)) as kept_share,
        valid_from,
        valid_to
    from {{ ref('int_credit_holders') }}

),

contracts_kept as (

    select
        leads.contract_id,
        all_rules.credit_rule_id,
        cast(null as {{ dbt.type_string() }}) as through_rule_id,
        leads.employee_id,
        cast(null as {{ dbt.type_string() }}) as team_id,
        cast(1 as decimal(9, 6)) as kept_share,
        leads.valid_from,
        leads.valid_to
    from {{ ref('int_delivery_leads') }} as leads
    inner join all_rules
        on all_rules.assignment_role = 'delivery_lead'

),

deals_kept as (

    select
        deals.opportunity_id,
        all_rules.credit_rule_id,
        cast(null as {{ dbt.type_string() }}) as through_rule_id,
        deals.employee_id,
        cast(null as {{ dbt.type_string() }}) as team_id,
        deals.credit_share as kept_share,
        cast('0001-01-01' as date) as valid_from,
        cast(null as date) as valid_to
    from {{ ref('int_deal_keepers') }} as deals
    inner join all_rules
        on
            deals.assignment_role = all_rules.assignment_role
            and coalesce(deals.team_role, '') = coalesce(all_rules.team_role, '')
    where all_rules.credit_kind <> 'direct'

),

deals_with_sellers as (

    select opportunity_id
    from {{ ref('int_deal_keepers') }}
    where credit_rule_id is not null
    group by opportunity_id

),

final as (

    {% for kept, column in [
        ('accounts', 'account_id'), ('contracts', 'contract_id'), ('deals', 'opportunity_id'),
    ] -%}
    select
        sold.*,
        rules.credit_rule_id,
        rules.credit_kind,
        rules.assignment_role,
        keepers.employee_id,
        keepers.team_id,
        case
            when keepers.kept_share = 1 then rules.credit_share
            else cast(round(rules.credit_share * keepers.kept_share, 6) as decimal(9, 6))
        end as credit_share
    from {{ ref('int_sold_transactions') }} as sold
    inner join {{ kept }}_kept as keepers
        on sold.credited_{{ column }} = keepers.{{ column }}
    inner join {{ ref('int_credit_rule_classes') }} as rules
        on
            keepers.credit_rule_id = rules.credit_rule_id
            and coalesce(keepers.through_rule_id, '') = coalesce(rules.through_rule_id, '')
            and coalesce(sold.credited_contract_type, 'none') = rules.contract_type
            and coalesce(sold.credited_product_maturity, 'none') = rules.product_maturity
            and {{ holds_on('rules', 'sold.credited_on') }}
    left join deals_with_sellers as deals
        on sold.credited_opportunity_id = deals.opportunity_id
    where
        {{ in_months('sold.period_month') }}
        and (
            deals.opportunity_id is null
            or rules.credit_kind = 'overlay' and rules.assignment_role <> 'dotted_line_manager'
        )
        and keepers.valid_from <= case
            when rules.dated_by = 'contract_signed'
                then coalesce(sold.contract_signed_on, sold.credited_on)
            else sold.credited_on
        end
        and coalesce(keepers.valid_to, cast('9999-12-31' as date)) > case
            when rules.dated_by = 'contract_signed'
                then coalesce(sold.contract_signed_on, sold.credited_on)
            else sold.credited_on
        end
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor %}

)

select * from final
