{{ config(
    materialized='by_month',
    is_light=true,
    reach={'int_signed_contracts': 'everything'},
) }}

{#-
    How the plan has the costs of contracts booked: the most particular rule of the month. Of plans, types and
    months there are few, of costs millions; so the rule is not looked for by each of these.
-#}
with

plans as (

    select distinct
        plan_id,
        period_month
    from {{ ref('int_contract_commissions') }}
    where {{ in_months('period_month') }}

),

types as (

    select coalesce(contract_type, 'none') as contract_type
    from {{ ref('int_signed_contracts') }}
    union
    select 'none' as contract_type

),

ranked as (

    select
        plans.plan_id,
        types.contract_type,
        rules.treatment,
        rules.amortised_over,
        rules.life_months,
        rules.expensed_up_to_months,
        plans.period_month,
        row_number() over (
            partition by plans.plan_id, types.contract_type, plans.period_month
            order by
                case when rules.plan_id is null then 1 else 0 end,
                case when rules.contract_type is null then 1 else 0 end
        ) as rule_order
    from plans
    cross join types
    inner join {{ ref('policy_contract_costs') }} as rules
        on
            plans.plan_id = coalesce(rules.plan_id, plans.plan_id)
            and types.contract_type = coalesce(rules.contract_type, types.contract_type)
            and {{ holds_on('rules', 'plans.period_month') }}

),

final as (

    select
        plan_id,
        contract_type,
        treatment,
        amortised_over,
        life_months,
        expensed_up_to_months,
        period_month
    from ranked
    where rule_order = 1

)

select * from final
