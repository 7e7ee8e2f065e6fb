{{ config(materialized='view') }}

{#-
    What each component of pay is made of, to drill into: salary, score items, commission lines, bonuses,
    draws, holdbacks, adjustments. The amounts of a component add up to it (fct_pay_components). A view: each
    row is one of another mart, with the part of pay that it makes.
-#}
with

settings as (

    select company_currency
    from {{ ref('stg_policy__settings') }}

),

parts as (

    select
        employee_id,
        'base' as component,
        'salary' as source_kind,
        cast(null as {{ dbt.type_string() }}) as source_id,
        currency,
        base_salary - salary_at_risk as amount,
        period_month
    from {{ ref('int_salaries') }}
    union all
    select
        employee_id,
        'performance' as component,
        source_kind,
        source_id,
        currency,
        amount,
        period_month
    from {{ ref('int_performance_parts') }}
    union all
    select
        employee_id,
        'commission' as component,
        'commission_line' as source_kind,
        commission_line_id as source_id,
        pay_currency as currency,
        pay_amount as amount,
        period_month
    from {{ ref('fct_commission_lines') }}
    union all
    select
        employee_id,
        'bonus' as component,
        'bonus' as source_kind,
        bonus_id || '|' || coalesce(subject_id, '') as source_id,
        pay_currency as currency,
        pay_amount as amount,
        period_month
    from {{ ref('fct_bonuses') }}
    union all
    select
        employee_id,
        component,
        'settlement' as source_kind,
        cast(null as {{ dbt.type_string() }}) as source_id,
        currency,
        amount,
        period_month
    from {{ ref('int_commission_settlements') }}
    union all
    select
        adjustments.employee_id,
        'adjustment' as component,
        'adjustment' as source_kind,
        adjustments.adjustment_id as source_id,
        coalesce(adjustments.currency, settings.company_currency) as currency,
        adjustments.amount,
        {{ month_of('adjustments.period_month') }} as period_month
    from {{ ref('stg_hr__pay_adjustments') }} as adjustments
    cross join settings
    where adjustments.approved_by <> adjustments.requested_by

),

final as (

    select
        employee_id,
        component,
        source_kind,
        source_id,
        currency,
        cast(amount as decimal(18, 4)) as amount,
        period_month
    from parts
    where amount <> 0

)

select * from final
