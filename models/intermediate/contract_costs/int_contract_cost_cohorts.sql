{{ config(materialized='by_month') }}

{#-
    Millions of costs, which move as one where they arose, begin and end to be written down in the same months, as
    long as no contract ends before its time.
-#}
with

units as (

    {{ contract_cost_units(ref('fct_contract_costs')) }}

),

final as (

    select
        coalesce(contract_type, 'none') as contract_type,
        currency,
        amortised_over,
        unit_amount,
        amortised_months,
        cast(sum(cost_units) as decimal(28, 0)) as cost_units,
        cast(sum(month_units) as decimal(28, 0)) as month_units,
        cast(count(*) as integer) as part_count,
        period_month,
        first_month,
        last_month
    from units
    where {{ in_months('period_month') }}
    group by
        coalesce(contract_type, 'none'), currency, amortised_over, unit_amount, amortised_months, period_month,
        first_month, last_month

)

select * from final
