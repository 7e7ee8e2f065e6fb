{{ config(materialized='ephemeral') }}

{#-
    The costs that are kept as an asset, in whole units of their currency, so that equal months and their rest
    are the whole.
-#}
with

costs as (

    select
        costs.contract_id,
        costs.currency,
        costs.amortised_over,
        currencies.unit_amount,
        costs.period_month,
        costs.first_month,
        costs.last_month,
        costs.amortised_months,
        coalesce(costs.contract_type, 'none') as contract_type,
        {{ whole_number('round(' ~ wide('costs.cost_amount') ~ ' * currencies.units_per_major, 0)') }}
            as cost_units
    from {{ ref('fct_contract_costs') }} as costs
    inner join {{ ref('policy_currencies') }} as currencies
        on costs.currency = currencies.currency
    where costs.is_capitalised

),

final as (

    select
        *,
        {{ equal_part('cost_units', 'amortised_months') }} as month_units
    from costs

)

select * from final
