{#- Consecutive months in which a payee was on a plan, as one stretch of time. -#}
with

months as (

    select
        employee_id,
        plan_id,
        period_month,
        case
            when
                lag(period_month) over (partition by employee_id, plan_id order by period_month)
                = {{ add_months('period_month', -1) }}
                then 0
            else 1
        end as is_first
    from {{ ref('int_payee_months') }}
    where plan_id is not null

),

numbered as (

    select
        *,
        sum(is_first) over (
            partition by employee_id, plan_id
            order by period_month
            rows between unbounded preceding and current row
        ) as stretch
    from months

),

final as (

    select
        employee_id,
        plan_id,
        min(period_month) as valid_from,
        {{ add_months('max(period_month)', 1) }} as valid_to
    from numbered
    group by employee_id, plan_id, stretch

)

select * from final
