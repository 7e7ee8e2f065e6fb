{#-
    Costs as they are written down and end: all cohorts as if no contract ended before its time; those of contracts
    that do, out of these again and in as they end. Of millions of costs few are looked at by themselves.
-#}
{%- set kinds = 'contract_type, currency, amortised_over, unit_amount' -%}
{%- set months = 'amortised_months, period_month, first_month, last_month' -%}
{%- set never = "cast('9999-12-01' as date)" -%}

with

-- A term ends with the contract, a life with the customer too.
ends as (

    select
        contract_id,
        min(case when end_kind = 'cancelled' then period_month end) as term_month,
        min(period_month) as life_month
    from {{ ref('int_contract_ends') }}
    group by contract_id

),

ended as (

    select
        coalesce(costs.contract_type, 'none') as contract_type,
        costs.currency,
        costs.amortised_over,
        costs.cost_amount,
        costs.amortised_months,
        costs.is_capitalised,
        costs.period_month,
        costs.first_month,
        costs.last_month,
        case costs.amortised_over when 'life' then ends.life_month else ends.term_month end as ended_month
    from {{ ref('fct_contract_costs') }} as costs
    inner join ends
        on costs.contract_id = ends.contract_id

),

units as (

    {{ contract_cost_units('ended') }}

),

-- All parts as if none ended before its time; those that do, out of these again and in as they end.
parts as (

    select
        {{ kinds }},
        {{ months }},
        {{ never }} as end_month,
        {{ whole_number('cost_units') }} as cost_units,
        {{ whole_number('month_units') }} as month_units,
        part_count
    from {{ ref('int_contract_cost_cohorts') }}
    union all
    select
        {{ kinds }},
        {{ months }},
        {{ never }} as end_month,
        -cost_units as cost_units,
        -month_units as month_units,
        -1 as part_count
    from units
    where ended_month is not null
    union all
    select
        {{ kinds }},
        {{ months }},
        -- What is paid after the end comes to the asset and goes in one month.
        greatest(ended_month, period_month) as end_month,
        cost_units,
        month_units,
        1 as part_count
    from units
    where ended_month is not null

),

final as (

    select
        {{ kinds }},
        {{ months }},
        end_month,
        cast(sum(cost_units) as decimal(28, 0)) as cost_units,
        cast(sum(month_units) as decimal(28, 0)) as month_units,
        cast(sum(part_count) as integer) as part_count
    from parts
    group by {{ kinds }}, {{ months }}, end_month

)

select * from final
where part_count > 0
