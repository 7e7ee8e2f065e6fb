{{ config(
    materialized='by_month',
    reach={'fct_measures': 'quarter'},
) }}

{#- Measures that the plan ranks payees by, and the measure of quality beside each (S2-07). -#}
with

asked as (

    select
        boards.measure as board,
        boards.measure,
        boards.role,
        boards.period_kind,
        'value' as part,
        boards.quality_measure,
        directions.direction
    from {{ ref('policy_boards') }} as boards
    inner join {{ ref('policy_measures') }} as directions
        on boards.measure = directions.measure
    union all
    select
        measure as board,
        quality_measure as measure,
        role,
        period_kind,
        'quality' as part,
        quality_measure,
        null as direction
    from {{ ref('policy_boards') }}
    where quality_measure is not null

),

-- The role is that of the period's last month; a quarter begins two months before it.
measured as (

    select
        asked.board,
        asked.period_kind,
        asked.part,
        asked.quality_measure,
        asked.direction,
        payees.employee_id,
        payees.period_month,
        sum(measures.numerator) as numerator,
        sum(measures.denominator) as denominator
    from {{ ref('int_payee_months') }} as payees
    inner join {{ ref('dim_periods') }} as periods
        on payees.period_month = periods.period_month
    inner join asked
        on
            payees.role = asked.role
            and (asked.period_kind = 'month' or periods.is_quarter_end)
    inner join {{ ref('fct_measures') }} as measures
        on
            payees.employee_id = measures.employee_id
            and asked.measure = measures.measure
            and payees.period_month >= measures.period_month
            and case asked.period_kind
                when 'month' then periods.period_month
                else periods.quarter_start
            end <= measures.period_month
    where
        {{ in_months('payees.period_month') }}
        and measures.period_month >= {{ add_months(window_start(), -2) }}
        and measures.period_month < {{ window_end() }}
    group by
        asked.board, asked.period_kind, asked.part, asked.quality_measure, asked.direction,
        payees.employee_id, payees.period_month

),

figures as (

    select
        *,
        {{ measure_value('numerator', 'denominator') }} as value
    from measured

),

final as (

    select
        ranked.board,
        ranked.period_kind,
        ranked.employee_id,
        ranked.quality_measure,
        cast(ranked.value as decimal(24, 10)) as value,
        cast(
            case ranked.direction when 'lower_is_better' then -ranked.value else ranked.value end
            as decimal(24, 10)
        ) as rank_value,
        quality.value as quality_value,
        ranked.period_month
    from figures as ranked
    left join figures as quality
        on
            ranked.board = quality.board
            and ranked.period_kind = quality.period_kind
            and ranked.employee_id = quality.employee_id
            and ranked.period_month = quality.period_month
            and quality.part = 'quality'
    where
        ranked.part = 'value'
        and ranked.value is not null

)

select * from final
