{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#-
    What each month adds to what a payee owes of draws, or takes from it; without a draw in the month
    what is owed is recovered all the same. All in the currency of the pay. A guarantee is never owed: what it tops up is not here.
-#}
with

earned as (

    select
        employee_id,
        period_month,
        sum(pay_amount) as commission_amount
    from {{ ref('fct_commissions') }}
    where {{ in_months('period_month') }}
    group by employee_id, period_month

),

months as (

    select
        payees.employee_id,
        payees.plan_id,
        draws.draw_kind,
        payees.currency,
        coalesce(
            {{ exact_quotient(
                wide(pay_amount('draws.monthly_amount', 'draws', 'payees', 'rates'))
                ~ ' * payees.employed_days',
                'periods.day_count',
                4
            ) }},
            0
        ) as draw_amount,
        coalesce(earned.commission_amount, 0) as commission_amount,
        periods.next_month = {{ period_end('draws.recovery_period', 'periods') }} as is_recovering,
        payees.period_month
    from {{ ref('int_payee_months') }} as payees
    inner join {{ ref('dim_periods') }} as periods
        on payees.period_month = periods.period_month
    left join {{ ref('policy_draws') }} as draws
        on
            payees.plan_id = draws.plan_id
            and {{ holds_on('draws', 'payees.last_day') }}
    left join {{ ref('int_pay_rates') }} as rates
        on
            draws.currency = rates.from_currency
            and payees.currency = rates.to_currency
            and payees.period_month = rates.period_month
    left join earned
        on
            payees.employee_id = earned.employee_id
            and payees.period_month = earned.period_month
    where
        {{ in_months('payees.period_month') }}
        and exists (
            select 1
            from {{ ref('policy_draws') }}
        )

),

final as (

    select
        employee_id,
        plan_id,
        draw_kind,
        currency,
        cast(draw_amount as decimal(18, 4)) as draw_amount,
        cast(commission_amount as decimal(18, 4)) as commission_amount,
        cast(
            case
                when draw_kind = 'recoverable' and is_recovering
                    then draw_amount - commission_amount
                when draw_kind = 'recoverable' then greatest(draw_amount - commission_amount, 0)
                else least(draw_amount - commission_amount, 0)
            end as decimal(18, 4)
        ) as flow_amount,
        period_month
    from months

)

select * from final
