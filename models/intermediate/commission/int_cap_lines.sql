{{ config(
    materialized='by_month',
    reach={
        'int_earned_parts': 'year',
        'int_reversed_parts': 'year',
        'int_trued_up_parts': 'year',
    },
) }}

{#-
    What the cap cuts from a payee's commission in each month, and gives back when refunds make room
    (S0-07): the capped running total of the cap period against the uncapped one.
-#}
with

months as (

    select
        employee_id,
        plan_id,
        period_month,
        max(cap_period) as cap_period,
        max(cap_amount) as cap_amount,
        sum(commission_amount) as commission_amount
    from {{ ref('int_commission_parts') }}
    -- A cap's period has begun eleven months ago at most.
    where
        cap_amount is not null
        and period_month >= {{ add_months(window_start(), -11) }}
        and period_month < {{ window_end() }}
    group by employee_id, plan_id, period_month

),

placed as (

    select
        months.*,
        {{ period_start('months.cap_period', 'periods') }} as cap_start
    from months
    inner join {{ ref('dim_periods') }} as periods
        on months.period_month = periods.period_month

),

running as (

    select
        *,
        sum(commission_amount) over (
            partition by employee_id, plan_id, cap_start
            order by period_month
            rows between unbounded preceding and current row
        ) as total
    from placed

),

cut as (

    select
        *,
        greatest(total - cap_amount, 0) as cut_total
    from running

),

final as (

    select
        employee_id,
        plan_id,
        cast(
            coalesce(
                lag(cut_total) over (
                    partition by employee_id, plan_id, cap_start
                    order by period_month
                ),
                0
            ) - cut_total as decimal(18, 4)
        ) as commission_amount,
        period_month
    from cut

)

select * from final
where commission_amount <> 0
