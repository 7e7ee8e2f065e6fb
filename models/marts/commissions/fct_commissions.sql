{{ config(materialized='by_month') }}

with

final as (

    select
        employee_id,
        plan_id,
        currency,
        cast(
            sum(case when line_kind in ('earned', 'reversed') then amount else 0 end)
            as decimal(18, 4)
        ) as sales_amount,
        cast(
            sum(case when line_kind = 'earned' then commission_amount else 0 end) as decimal(18, 4)
        ) as earned_amount,
        cast(
            sum(case when line_kind = 'reversed' then commission_amount else 0 end)
            as decimal(18, 4)
        ) as reversed_amount,
        cast(
            sum(case when line_kind = 'trued_up' then commission_amount else 0 end)
            as decimal(18, 4)
        ) as trued_up_amount,
        cast(
            sum(case when line_kind = 'capped' then commission_amount else 0 end) as decimal(18, 4)
        ) as capped_amount,
        cast(sum(commission_amount) as decimal(18, 4)) as commission_amount,
        period_month
    from {{ ref('fct_commission_lines') }}
    where {{ in_months('period_month') }}
    group by employee_id, plan_id, currency, period_month

)

select * from final
