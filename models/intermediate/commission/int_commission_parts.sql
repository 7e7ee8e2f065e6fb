{{ config(materialized='ephemeral') }}

{#- Every part of a commission before caps, with what it comes to. -#}
with

final as (

    select
        'earned' as line_kind,
        employee_id,
        plan_id,
        transaction_id,
        assignment_role,
        cast(null as {{ dbt.type_string() }}) as reverses_transaction_id,
        product_class,
        customer_class,
        exception_reason,
        cap_period,
        cap_amount,
        quota_amount,
        accumulated_before,
        tier_from,
        amount,
        rate,
        {{ commission_of('amount', 'rate') }} as commission_amount,
        is_floating,
        period_month,
        transaction_date
    from {{ ref('int_earned_parts') }}
    union all
    select
        'reversed' as line_kind,
        employee_id,
        plan_id,
        transaction_id,
        assignment_role,
        reverses_transaction_id,
        product_class,
        customer_class,
        exception_reason,
        cap_period,
        cap_amount,
        quota_amount,
        accumulated_before,
        tier_from,
        amount,
        rate,
        {{ commission_of('amount', 'rate') }} as commission_amount,
        is_floating,
        period_month,
        transaction_date
    from {{ ref('int_reversed_parts') }}
    union all
    select
        'trued_up' as line_kind,
        employee_id,
        plan_id,
        transaction_id,
        assignment_role,
        cast(null as {{ dbt.type_string() }}) as reverses_transaction_id,
        product_class,
        customer_class,
        cast(null as {{ dbt.type_string() }}) as exception_reason,
        cap_period,
        cap_amount,
        quota_amount,
        cast(null as decimal(18, 4)) as accumulated_before,
        tier_from,
        amount,
        rate,
        commission_amount,
        true as is_floating,
        period_month,
        rated_on as transaction_date
    from {{ ref('int_trued_up_parts') }}

)

select * from final
