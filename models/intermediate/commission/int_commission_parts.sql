{{ config(materialized='ephemeral') }}

{#-
    Every part of a commission before anything is cut, with what it comes to; and the sale it is about:
    its own, or the one that it takes back.
-#}
with

final as (

    select
        'earned' as line_kind,
        employee_id,
        plan_id,
        transaction_id,
        assignment_role,
        cast(null as {{ dbt.type_string() }}) as reverses_transaction_id,
        transaction_id as credited_as,
        product_class,
        customer_class,
        rate_class,
        exception_reason,
        quota_amount,
        accumulated_before,
        tier_from,
        amount,
        rate,
        {{ commission_of('amount', 'rate') }} as commission_amount,
        is_floating,
        period_month,
        transaction_date,
        transaction_date as credited_on,
        accumulation_start
    from {{ ref('int_earned_parts') }}
    union all
    select
        'reversed' as line_kind,
        employee_id,
        plan_id,
        transaction_id,
        assignment_role,
        reverses_transaction_id,
        reverses_transaction_id as credited_as,
        product_class,
        customer_class,
        rate_class,
        exception_reason,
        quota_amount,
        accumulated_before,
        tier_from,
        amount,
        rate,
        {{ commission_of('amount', 'rate') }} as commission_amount,
        is_floating,
        period_month,
        transaction_date,
        earned_on as credited_on,
        earned_in as accumulation_start
    from {{ ref('int_reversed_parts') }}
    union all
    select
        'trued_up' as line_kind,
        employee_id,
        plan_id,
        transaction_id,
        assignment_role,
        cast(null as {{ dbt.type_string() }}) as reverses_transaction_id,
        coalesce(reverses_transaction_id, transaction_id) as credited_as,
        product_class,
        customer_class,
        rate_class,
        cast(null as {{ dbt.type_string() }}) as exception_reason,
        quota_amount,
        cast(null as decimal(18, 4)) as accumulated_before,
        tier_from,
        amount,
        rate,
        commission_amount,
        true as is_floating,
        period_month,
        rated_on as transaction_date,
        rated_on as credited_on,
        accumulation_start
    from {{ ref('int_trued_up_parts') }}
    union all
    select
        'forgiven' as line_kind,
        employee_id,
        plan_id,
        transaction_id,
        assignment_role,
        reverses_transaction_id,
        reverses_transaction_id as credited_as,
        product_class,
        customer_class,
        rate_class,
        cast(null as {{ dbt.type_string() }}) as exception_reason,
        cast(null as decimal(18, 4)) as quota_amount,
        cast(null as decimal(18, 4)) as accumulated_before,
        tier_from,
        cast(null as decimal(18, 4)) as amount,
        cast(null as decimal(9, 6)) as rate,
        commission_amount,
        is_floating,
        period_month,
        transaction_date,
        credited_on,
        accumulation_start
    from {{ ref('int_forgiven_parts') }}

)

select * from final
