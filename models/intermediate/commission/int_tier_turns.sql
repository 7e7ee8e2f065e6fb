{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#-
    Where a plan pays by the tier reached: what had been sold of the accumulation period at the end of
    the last month with sales, and at the end of this one; and the tiers reached by either, for all
    classes and rates that hold at some time (S0-07). The lowest is always reached.
-#}
with

tiers as (

    select distinct
        plan_id,
        rate_class,
        tier_from,
        rate,
        valid_from,
        valid_to
    from {{ ref('int_commission_tiers') }}

),

ordered as (

    select
        *,
        row_number() over (
            partition by employee_id, plan_id, accumulation_start, period_month
            order by transaction_date desc, transaction_id desc, assignment_role desc
        ) as sale_rank
    from {{ ref('int_accumulated_sales') }}
    where
        tier_mode <> 'marginal'
        and (bound_kind = 'amount' or quota_amount > 0)
        and {{ in_months('period_month') }}

),

turns as (

    select
        employee_id,
        plan_id,
        bound_kind,
        bound_side,
        quota_amount,
        period_month,
        accumulation_start,
        max(case when sale_rank = 1 then accumulated_after end) as closing_amount,
        max(case when sale_rank = 1 then accumulated_after end) - sum(signed_amount) as opening_amount
    from ordered
    group by
        employee_id, plan_id, bound_kind, bound_side, quota_amount, period_month, accumulation_start

),

bounded as (

    select
        turns.*,
        tiers.rate_class,
        tiers.tier_from,
        tiers.valid_from,
        tiers.valid_to,
        {{ tier_bound('tiers.tier_from', 'turns') }} as bound
    from turns
    inner join tiers
        on turns.plan_id = tiers.plan_id

),

reached as (

    select
        employee_id,
        plan_id,
        rate_class,
        closing_amount,
        {% for position in ['opening', 'closing'] -%}
        max(
            case
                when tier_from = 0 then tier_from
                when {{ position }}_amount > bound then tier_from
                when {{ position }}_amount = bound and bound_side = 'lower_inclusive' then tier_from
            end
        ) as {{ position }}_tier,
        {% endfor -%}
        period_month,
        accumulation_start,
        valid_from,
        valid_to
    from bounded
    group by
        employee_id, plan_id, rate_class, closing_amount, period_month, accumulation_start, valid_from,
        valid_to

),

final as (

    select
        reached.employee_id,
        reached.plan_id,
        reached.rate_class,
        cast(reached.closing_amount as decimal(18, 4)) as closing_amount,
        reached.opening_tier,
        openings.rate as opening_rate,
        reached.closing_tier,
        closings.rate as closing_rate,
        reached.period_month,
        reached.accumulation_start,
        reached.valid_from,
        reached.valid_to
    from reached
    {% for position in ['opening', 'closing'] -%}
    inner join tiers as {{ position }}s
        on
            reached.plan_id = {{ position }}s.plan_id
            and reached.rate_class = {{ position }}s.rate_class
            and reached.{{ position }}_tier = {{ position }}s.tier_from
            and reached.valid_from = {{ position }}s.valid_from
    {% endfor %}
)

select * from final
