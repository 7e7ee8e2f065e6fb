{{ config(
    materialized='by_month',
    batch_factor=3,
    reach={'int_signed_contracts': 'lines', 'billing.contracts.money': 'lines'},
    changes_of=['billing.contracts.money'],
) }}

{#-
    What it cost to obtain a contract, and how the plan has it booked: kept as an asset and written down over
    the contract's term or the customer's life, or an expense at once (ASC 340-40, IFRS 15, CAS 14).
-#}
with

terms as (

    select
        contract_id,
        account_id,
        contract_type,
        ends_on,
        coalesce(starts_on, signed_on) as starts_on,
        {{ months_between('coalesce(starts_on, signed_on)', 'ends_on') }} as month_count
    from {{ ref('int_signed_contracts') }}

),

costs as (

    select
        costs.*,
        terms.account_id,
        terms.contract_type,
        terms.starts_on,
        terms.ends_on,
        terms.month_count as whole_months
    from {{ ref('int_contract_commissions') }} as costs
    left join terms
        on costs.contract_id = terms.contract_id
    where
        {{ in_months('costs.period_month') }}
        and costs.cost_amount <> 0

),

ruled as (

    select
        costs.*,
        rules.treatment,
        rules.amortised_over,
        rules.life_months,
        rules.expensed_up_to_months
    from costs
    left join {{ ref('int_contract_cost_rules') }} as rules
        on
            costs.plan_id = rules.plan_id
            and coalesce(costs.contract_type, 'none') = rules.contract_type
            and costs.period_month = rules.period_month

),

termed as (

    select
        *,
        case
            when amortised_over = 'life' then life_months
            -- Whole months; one that has only begun counts.
            when ends_on > {{ add_months('starts_on', 'whole_months') }} then whole_months + 1
            else whole_months
        end as month_count,
        {{ month_of('starts_on') }} as start_month
    from ruled

),

placed as (

    select
        *,
        case
            when treatment is null then 'no_rule'
            when treatment = 'expense' then 'plan'
            when month_count is null or start_month is null then 'no_term'
            when month_count <= expensed_up_to_months then 'short_term'
            when {{ add_months('start_month', 'month_count') }} <= period_month then 'after_its_term'
        end as expensed_because,
        greatest(start_month, period_month) as first_month,
        {{ add_months('start_month', 'month_count - 1') }} as last_month
    from termed

),

final as (

    select
        contract_id,
        account_id,
        plan_id,
        contract_type,
        currency,
        case when expensed_because is null then amortised_over end as amortised_over,
        expensed_because,
        cost_amount,
        case when expensed_because is null then {{ months_between('first_month', 'last_month') }} + 1 end
            as amortised_months,
        expensed_because is null as is_capitalised,
        period_month,
        case when expensed_because is null then first_month end as first_month,
        case when expensed_because is null then last_month end as last_month
    from placed

)

select * from final
