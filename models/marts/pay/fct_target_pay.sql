{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#-
    What a payee's month is meant to come to when every target is met exactly, and in which parts: the
    pay mix of the plan (S3-07), on the target pay of the grade, or where there is none, on the pay of
    which the fixed salary is the base. By the days employed.
-#}
with

salaries as (

    select
        employee_id,
        currency,
        period_month,
        sum(base_salary - salary_at_risk) as fixed_salary
    from {{ ref('int_salaries') }}
    where {{ in_months('period_month') }}
    group by employee_id, currency, period_month

),

paid as (

    select
        employee_id,
        currency,
        period_month,
        sum(amount) as amount
    from {{ ref('fct_pay_components') }}
    where {{ in_months('period_month') }}
    group by employee_id, currency, period_month

),

mixed as (

    select
        payees.employee_id,
        payees.plan_id,
        payees.role,
        payees.grade,
        coalesce(targets.currency, salaries.currency) as currency,
        mixes.base_share,
        mixes.performance_share,
        mixes.commission_share,
        case when targets.role is null then 'salary' else 'grade' end as target_source,
        case
            when targets.role is null
                then {{ exact_quotient('salaries.fixed_salary', 'mixes.base_share', 4) }}
            else {{ exact_quotient(
                wide('targets.monthly_target_amount') ~ ' * payees.employed_days',
                'periods.day_count',
                4
            ) }}
        end as target_amount,
        payees.period_month
    from {{ ref('int_payee_months') }} as payees
    inner join {{ ref('dim_periods') }} as periods
        on payees.period_month = periods.period_month
    inner join {{ ref('policy_pay_mix') }} as mixes
        on
            payees.plan_id = mixes.plan_id
            and {{ holds_on('mixes', 'payees.last_day') }}
    inner join salaries
        on
            payees.employee_id = salaries.employee_id
            and payees.currency = salaries.currency
            and payees.period_month = salaries.period_month
    left join {{ ref('policy_target_pay') }} as targets
        on
            payees.role = targets.role
            and payees.grade = targets.grade
            and salaries.currency = targets.currency
            and {{ holds_on('targets', 'payees.last_day') }}
    where {{ in_months('payees.period_month') }}

),

final as (

    select
        mixed.employee_id,
        mixed.plan_id,
        mixed.role,
        mixed.grade,
        mixed.target_source,
        mixed.currency,
        cast(mixed.target_amount as decimal(18, 4)) as target_amount,
        cast({{ rounded_product('mixed.target_amount', 'mixed.base_share') }} as decimal(18, 4))
            as target_base_amount,
        cast(
            {{ rounded_product('mixed.target_amount', 'mixed.performance_share') }} as decimal(18, 4)
        ) as target_performance_amount,
        -- What is left, so that the parts are the whole.
        cast(
            mixed.target_amount - {{ rounded_product('mixed.target_amount', 'mixed.base_share') }}
            - {{ rounded_product('mixed.target_amount', 'mixed.performance_share') }}
            as decimal(18, 4)
        ) as target_commission_amount,
        cast(coalesce(paid.amount, 0) as decimal(18, 4)) as computed_amount,
        cast(
            {{ exact_quotient('coalesce(paid.amount, 0)', 'mixed.target_amount', 4) }}
            as decimal(18, 4)
        ) as attainment,
        mixed.period_month
    from mixed
    left join paid
        on
            mixed.employee_id = paid.employee_id
            and mixed.currency = paid.currency
            and mixed.period_month = paid.period_month

)

select * from final
