{{ config(
    materialized='by_month',
    is_light=true,
    reach={'fct_measures': 'year', 'int_payee_months': 'year'},
) }}

{#-
    How much of the target of a half or a year a payee has reached: the measure that the plan names
    against the quotas of the period, by the days they share with it (S0-08).
-#}
with

reviewed as (

    select *
    from {{ ref('int_reviews_due') }}
    where {{ in_months('period_month') }}

),

-- Every month of it, from first to last day.
presence as (

    select
        reviewed.employee_id,
        reviewed.period_month,
        count(*) as whole_months
    from reviewed
    inner join {{ ref('int_payee_months') }} as payees
        on
            reviewed.employee_id = payees.employee_id
            and payees.is_employed_throughout
            and reviewed.period_start <= payees.period_month
            and reviewed.period_month >= payees.period_month
    group by reviewed.employee_id, reviewed.period_month

),

actuals as (

    select
        reviewed.employee_id,
        reviewed.period_month,
        sum(measures.numerator) as actual_amount
    from reviewed
    inner join {{ ref('fct_measures') }} as measures
        on
            reviewed.employee_id = measures.employee_id
            and reviewed.measure = measures.measure
            and reviewed.period_start <= measures.period_month
            and reviewed.period_month >= measures.period_month
    -- A year begins eleven months before its last.
    where measures.period_month >= {{ add_months(window_start(), -11) }}
    group by reviewed.employee_id, reviewed.period_month

),

targets as (

    select
        reviewed.employee_id,
        reviewed.period_month,
        sum({{ quota_of_days('quotas', 'reviewed.period_start', 'reviewed.period_end') }}) as target_amount
    from reviewed
    inner join {{ ref('stg_hr__quotas') }} as quotas
        on
            reviewed.employee_id = quotas.employee_id
            and reviewed.period_end > quotas.valid_from
            and reviewed.period_start < quotas.valid_to
    group by reviewed.employee_id, reviewed.period_month

),

final as (

    select
        reviewed.employee_id,
        reviewed.period_kind,
        reviewed.role,
        reviewed.grade,
        reviewed.measure,
        cast(coalesce(actuals.actual_amount, 0) as decimal(18, 4)) as actual_amount,
        cast(targets.target_amount as decimal(18, 4)) as target_amount,
        coalesce(presence.whole_months, 0)
        = case reviewed.period_kind when 'half' then 6 else 12 end as is_employed_throughout,
        reviewed.period_month
    from reviewed
    {% for part in ['presence', 'actuals', 'targets'] -%}
    left join {{ part }}
        on
            reviewed.employee_id = {{ part }}.employee_id
            and reviewed.period_month = {{ part }}.period_month
    {% endfor %}
)

select * from final
