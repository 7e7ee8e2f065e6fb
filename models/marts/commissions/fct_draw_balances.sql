{{ config(
    materialized='by_month',
    is_light=true,
    reach={'int_draw_months': 'everything'},
) }}

{#-
    What is owed is never below nothing: the sum of all that was added and taken since the first draw,
    less the lowest that sum has been. In each currency of the pay by itself.
-#}
with

begun as (

    select
        employee_id,
        currency,
        min(period_month) as first_month
    from {{ ref('int_draw_months') }}
    where draw_kind is not null
    group by employee_id, currency

),

summed as (

    select
        months.*,
        sum(months.flow_amount) over (
            partition by months.employee_id, months.currency
            order by months.period_month
            rows between unbounded preceding and current row
        ) as flowed
    from {{ ref('int_draw_months') }} as months
    inner join begun
        on
            months.employee_id = begun.employee_id
            and months.currency = begun.currency
            and months.period_month >= begun.first_month

),

owed as (

    select
        *,
        flowed - least(
            min(flowed) over (
                partition by employee_id, currency
                order by period_month
                rows between unbounded preceding and current row
            ),
            0
        ) as owed_after
    from summed

),

balanced as (

    select
        *,
        coalesce(
            lag(owed_after) over (partition by employee_id, currency order by period_month), 0
        ) as owed_before,
        case
            when draw_kind = 'non_recoverable' then greatest(draw_amount - commission_amount, 0)
            else 0
        end as guaranteed
    from owed

),

final as (

    select
        balanced.employee_id,
        balanced.plan_id,
        balanced.draw_kind,
        balanced.currency,
        balanced.draw_amount,
        balanced.commission_amount,
        cast(balanced.owed_before as decimal(18, 4)) as owed_before_amount,
        cast(balanced.guaranteed as decimal(18, 4)) as guaranteed_amount,
        cast(greatest(balanced.owed_after - balanced.owed_before, 0) as decimal(18, 4))
            as advanced_amount,
        cast(greatest(balanced.owed_before - balanced.owed_after, 0) as decimal(18, 4))
            as recovered_amount,
        cast(balanced.owed_after as decimal(18, 4)) as owed_after_amount,
        cast(
            balanced.commission_amount + balanced.guaranteed + balanced.owed_after
            - balanced.owed_before as decimal(18, 4)
        ) as paid_amount,
        balanced.period_month
    from balanced

)

select * from final
