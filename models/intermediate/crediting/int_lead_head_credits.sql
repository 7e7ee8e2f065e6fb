{{ config(materialized='ephemeral') }}

{#-
    To whom the direct credit of whoever leads a delivery rolls up: those above on the day, and where
    a rule is for one segment, as long as the account was in it (S4-10). Deals with sellers of their
    own are left to int_split_credits.
-#}
with

all_rules as (

    select *
    from {{ ref('policy_credit_rules') }}

),

rules as (

    select
        classes.*,
        head_rules.segment
    from {{ ref('int_credit_rule_classes') }} as classes
    inner join all_rules as head_rules
        on classes.credit_rule_id = head_rules.credit_rule_id
    inner join all_rules as direct_rules
        on classes.through_rule_id = direct_rules.credit_rule_id
    where direct_rules.assignment_role = 'delivery_lead'

),

-- A rule above is dated as the one that it goes through.
led as (

    select
        sold.transaction_id,
        sold.company_amount,
        sold.credited_account_id,
        sold.credited_opportunity_id,
        sold.period_month,
        rules.credit_rule_id,
        rules.credit_kind,
        rules.assignment_role,
        rules.credit_share,
        rules.segment,
        leads.employee_id as lead_id,
        leads.valid_from,
        leads.valid_to,
        case
            when rules.dated_by = 'contract_signed'
                then coalesce(sold.contract_signed_on, sold.credited_on)
            else sold.credited_on
        end as dated_on
    from {{ ref('int_delivery_leads') }} as leads
    inner join {{ ref('int_sold_transactions') }} as sold
        on leads.contract_id = sold.credited_contract_id
    inner join rules
        on
            coalesce(sold.credited_contract_type, 'none') = rules.contract_type
            and coalesce(sold.credited_product_maturity, 'none') = rules.product_maturity
            and {{ holds_on('rules', 'sold.credited_on') }}
    where
        sold.company_amount is not null
        and {{ in_months('sold.period_month') }}

),

final as (

    select
        led.transaction_id,
        led.credit_rule_id,
        heads.head_id as employee_id,
        heads.team_id,
        led.credit_kind,
        led.assignment_role,
        led.credit_share,
        cast({{ rounded_product('led.company_amount', 'led.credit_share') }} as decimal(18, 4))
            as credit_amount,
        led.period_month
    from led
    inner join {{ ref('int_credited_heads') }} as heads
        on
            led.lead_id = heads.employee_id
            and led.credit_rule_id = heads.credit_rule_id
            and {{ holds_on('heads', 'led.dated_on') }}
    left join {{ ref('int_account_segments') }} as segments
        on
            led.credited_account_id = segments.account_id
            and {{ holds_on('segments', 'led.dated_on') }}
    left join {{ ref('int_deal_keepers') }} as deals
        on
            led.credited_opportunity_id = deals.opportunity_id
            and deals.credit_rule_id is not null
    where
        {{ holds_on('led', 'led.dated_on') }}
        and (led.segment is null or led.segment = segments.segment)
        and deals.opportunity_id is null

)

select * from final
