{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#- The salary of a month in two parts that add up to it: fixed, and paid by score (S0-04). -#}
with

payees as (

    select
        payees.*,
        coalesce(mixes.salary_at_risk_share, 0) as salary_at_risk_share
    from {{ ref('int_payee_months') }} as payees
    left join {{ ref('policy_pay_mix') }} as mixes
        on
            payees.plan_id = mixes.plan_id
            and {{ holds_on('mixes', 'payees.last_day') }}

),

final as (

    select
        jobs.employee_id,
        jobs.currency,
        cast(sum(jobs.base_salary) as decimal(18, 4)) as base_salary,
        cast(
            sum({{ rounded_product('jobs.base_salary', 'payees.salary_at_risk_share') }})
            as decimal(18, 4)
        ) as salary_at_risk,
        jobs.period_month
    from {{ ref('int_job_months') }} as jobs
    inner join payees
        on
            jobs.employee_id = payees.employee_id
            and jobs.period_month = payees.period_month
    group by jobs.employee_id, jobs.currency, jobs.period_month

)

select * from final
