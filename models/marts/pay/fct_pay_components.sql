{{ config(
    materialized='by_month',
    is_light=true,
    reach={'int_salaries': 'quarter', 'fct_holdbacks': 'onward'},
) }}

with

settings as (

    select company_currency
    from {{ ref('stg_policy__settings') }}

),

salaries as (

    select *
    from {{ ref('int_salaries') }}

),

performance as (

    select
        scores.employee_id,
        salaries.currency,
        scores.period_month,
        sum(salaries.salary_at_risk) * max(scores.performance_factor) as amount
    from {{ ref('fct_scores') }} as scores
    inner join {{ ref('dim_periods') }} as periods
        on scores.period_month = periods.period_month
    inner join salaries
        on
            scores.employee_id = salaries.employee_id
            and scores.period_month >= salaries.period_month
            and case scores.period_kind
                when 'month' then periods.period_month
                when 'quarter' then periods.quarter_start
            end <= salaries.period_month
    group by scores.employee_id, salaries.currency, scores.period_month

),

components as (

    select
        employee_id,
        'base' as component,
        currency,
        period_month,
        base_salary - salary_at_risk as amount
    from salaries
    union all
    select
        employee_id,
        'performance' as component,
        currency,
        period_month,
        round(amount, 4) as amount
    from performance
    union all
    select
        employee_id,
        'commission' as component,
        pay_currency as currency,
        period_month,
        pay_amount as amount
    from {{ ref('fct_commissions') }}
    union all
    select
        employee_id,
        'bonus' as component,
        pay_currency as currency,
        period_month,
        coalesce(pay_amount, 0) as amount
    from {{ ref('fct_bonuses') }}
    union all
    select
        employee_id,
        component,
        currency,
        period_month,
        amount
    from {{ ref('int_commission_settlements') }}
    union all
    select
        adjustments.employee_id,
        'adjustment' as component,
        coalesce(adjustments.currency, settings.company_currency) as currency,
        {{ month_of('adjustments.period_month') }} as period_month,
        adjustments.amount
    from {{ ref('stg_hr__pay_adjustments') }} as adjustments
    cross join settings
    -- Four eyes: whoever asks does not approve.
    where adjustments.approved_by <> adjustments.requested_by

),

final as (

    select
        employee_id,
        component,
        currency,
        cast(sum(amount) as decimal(18, 4)) as amount,
        period_month
    from components
    group by employee_id, component, currency, period_month

)

select * from final
