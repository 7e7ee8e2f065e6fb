{{ config(materialized='by_month') }}

with

final as (

    select
        activity_id,
        employee_id,
        account_id,
        contact_id,
        opportunity_id,
        activity_type,
        outcome,
        duration_seconds,
        coalesce(is_recontactable, false) as is_recontactable,
        {{ month_of('occurred_date') }} as period_month,
        occurred_date as activity_date,
        occurred_at
    from {{ ref('stg_crm__activities') }}

)

select * from final
