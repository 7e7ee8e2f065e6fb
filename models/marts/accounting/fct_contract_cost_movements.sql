{{ config(
    materialized='by_month',
    is_light=true,
    reach={
        'fct_contract_costs': 'onward',
        'int_contract_cost_cohorts': 'onward',
        'int_contract_ends': 'onward',
    },
) }}

{#-
    The contract cost asset month by month, as it rolls forward. Each part is written down in equal months, and
    what rounding leaves in its last one; the rest goes with a contract that is cancelled or a customer who is lost.
-#}
with

monthly as (

    select
        lives.*,
        lives.period_month = periods.period_month as is_cost_month,
        lives.end_month = periods.period_month as is_end_month,
        {{ months_between('lives.first_month', 'periods.period_month') }} as month_number,
        periods.period_month as moved_month
    from {{ ref('int_contract_cost_lives') }} as lives
    inner join {{ ref('dim_periods') }} as periods
        on
            lives.period_month <= periods.period_month
            and least(lives.last_month, lives.end_month) >= periods.period_month
    where {{ in_months('periods.period_month') }}

),

moved as (

    select
        contract_type,
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
