{{ config(materialized='by_month') }}

with

activities as (

    select
        *,
        occurred_date as activity_date
    from {{ ref('stg_crm__activities') }}

),

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
        {{ month_of('activity_date') }} as period_month,
        activity_date,
        occurred_at
    from activities

)

select * from final
