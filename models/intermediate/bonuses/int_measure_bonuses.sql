{{ config(materialized='ephemeral') }}

{#-
    Bonuses for a measure that reaches its threshold over a period, paid in the last month of it: a
    reward for a high user rating (S1-06). Sum over sum, and held against the threshold by multiplying.
-#}
with

due as (

    select
        payees.employee_id,
        bonuses.*,
        payees.period_month,
        {{ period_start('bonuses.period_kind', 'periods') }} as period_start
    from {{ ref('int_payee_months') }} as payees
    inner join {{ ref('dim_periods') }} as periods
        on payees.period_month = periods.period_month
    inner join {{ ref('policy_bonuses') }} as bonuses
        on
            payees.plan_id = bonuses.plan_id
            and {{ holds_on('bonuses', 'payees.last_day') }}
    where
        bonuses.earned_when = 'measure_reached'
        and {{ in_months('payees.period_month') }}
        and periods.next_month = {{ period_end('bonuses.period_kind', 'periods') }}

),

measured as (

    select
        due.employee_id,
        due.bonus_id,
        due.period_month,
        sum(measures.numerator) as numerator,
        -- A plain count or amount stands for itself.
        coalesce(sum(measures.denominator), 1) as denominator
    from due
    inner join {{ ref('fct_measures') }} as measures
        on
            due.employee_id = measures.employee_id
            and due.measure = measures.measure
            and due.period_month >= measures.period_month
            and due.period_start <= measures.period_month
    group by due.employee_id, due.bonus_id, due.period_month

),

final as (

    select
        due.employee_id,
        due.bonus_id,
        due.plan_id,
        due.earned_when,
        due.measure as subject_id,
        due.currency,
        due.amount,
        due.period_month
    from due
    inner join measured
        on
            due.employee_id = measured.employee_id
            and due.bonus_id = measured.bonus_id
            and due.period_month = measured.period_month
    inner join {{ ref('policy_measures') }} as measures
        on due.measure = measures.measure
    where
        measured.denominator > 0
        and case
            when measures.direction = 'higher_is_better'
                then measured.numerator >= {{ wide('measured.denominator') }} * due.threshold
            else measured.numerator <= {{ wide('measured.denominator') }} * due.threshold
        end

)

select * from final
