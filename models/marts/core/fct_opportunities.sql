{{ config(materialized='by_month') }}

with

final as (

    select
        opportunity_id,
        account_id,
        owner_id,
        opportunity_type,
        product_id,
        currency,
        coalesce(outcome, 'open') as outcome,
        amount,
        list_amount,
        {{ days_between('first_follow_up_date', 'closed_date') }} as sales_cycle_days,
        {{ month_of('created_date') }} as period_month,
        created_date,
        first_follow_up_date,
        closed_date
    from {{ ref('stg_crm__opportunities') }}
    where created_date is not null

)

select * from final
