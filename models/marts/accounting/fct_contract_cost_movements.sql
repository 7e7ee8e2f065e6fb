{%- set reach = {'fct_contract_costs': 'onward', 'int_contract_ends': 'onward'} -%}
{{ config(materialized='by_month', is_light=true, reach=reach) }}

{#-
    The contract cost asset month by month, as it rolls forward. Each part is written down in equal months, and
    what rounding leaves in its last one; the rest goes with a contract that is cancelled or a customer who is lost.
-#}
{%- set ended = "case costs.amortised_over when 'life' then ends.life_month else ends.term_month end" -%}
{%- set kinds = 'contract_type, currency, amortised_over, unit_amount' -%}
{%- set months = 'period_month, first_month, last_month, amortised_months, end_month' -%}

with

-- In whole units of the currency, so that equal months and their rest are the whole.
costs as (

    select
        costs.*,
        currencies.unit_amount,
        {{ whole_number('round(' ~ wide('costs.cost_amount') ~ ' * currencies.units_per_major, 0)') }}
            as cost_units
    from {{ ref('fct_contract_costs') }} as costs
    inner join {{ ref('policy_currencies') }} as currencies
        on costs.currency = currencies.currency
    where
        costs.is_capitalised
        and costs.period_month < {{ window_end() }}
        and costs.last_month >= {{ window_start() }}

),

-- A term ends with the contract, a life with the customer too.
ends as (

    select
        contract_id,
        min(case when end_kind = 'cancelled' then period_month end) as term_month,
        min(period_month) as life_month
    from {{ ref('int_contract_ends') }}
    group by contract_id

),

parts as (

    select
        costs.*,
        {{ equal_part('costs.cost_units', 'costs.amortised_months') }} as month_units,
        -- What is paid after the end comes to the asset and goes in one month.
        greatest(coalesce({{ ended }}, cast('9999-12-01' as date)), costs.period_month) as end_month
    from costs
    left join ends
        on costs.contract_id = ends.contract_id

),

-- Millions of parts, which move as one where they begin, are written down and end in the same months.
cohorts as (

    select
        {{ kinds }},
        {{ months }},
        sum(cost_units) as cost_units,
        sum(month_units) as month_units,
        count(*) as part_count
    from parts
    group by {{ kinds }}, {{ months }}

),

monthly as (

    select
        cohorts.*,
        cohorts.period_month = periods.period_month as is_cost_month,
        cohorts.end_month = periods.period_month as is_end_month,
        {{ months_between('cohorts.first_month', 'periods.period_month') }} as month_number,
        periods.period_month as moved_month
    from cohorts
    inner join {{ ref('dim_periods') }} as periods
        on
            cohorts.period_month <= periods.period_month
            and least(cohorts.last_month, cohorts.end_month) >= periods.period_month
    where {{ in_months('periods.period_month') }}

),

moved as (

    select
        coalesce(contract_type, 'none') as contract_type,
        currency,
        amortised_over,
        unit_amount,
        part_count,
        case when is_cost_month then 0 else cost_units - month_units * greatest(month_number, 0) end
            as opening_units,
        case when is_cost_month then cost_units else 0 end as capitalised_units,
        case
            when is_end_month or month_number < 0 then 0
            when month_number = amortised_months - 1 then cost_units - month_units * month_number
            else month_units
        end as amortised_units,
        case when is_end_month then cost_units - month_units * greatest(month_number, 0) else 0 end
            as impaired_units,
        moved_month as period_month
    from monthly

),

final as (

    select
        contract_type,
        currency,
        amortised_over,
        {% for part in ['opening', 'capitalised', 'amortised', 'impaired'] -%}
        cast(sum({{ part }}_units) * max(unit_amount) as decimal(18, 4)) as {{ part }}_amount,
        {% endfor -%}
        cast(
            sum(opening_units + capitalised_units - amortised_units - impaired_units)
            * max(unit_amount) as decimal(18, 4)
        ) as closing_amount,
        cast(sum(part_count) as integer) as part_count,
        period_month
    from moved
    group by contract_type, currency, amortised_over, period_month

)

select * from final
