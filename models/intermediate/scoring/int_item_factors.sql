{{ config(materialized='by_month') }}

with

attainments as (

    select *
    from {{ ref('int_attainments') }}
    where {{ in_months('period_month') }}

),

-- The segment of the curve is found by multiplying, exactly (S0-06).
placed as (

    select
        attainments.*,
        curves.c0,
        curves.c1,
        curves.c2,
        curves.cap,
        case
            -- The largest that decimal(14, 10) holds; every curve has met its cap long before.
            when attainments.aimed > 0
                then least(
                    {{ exact_quotient('attainments.attained', 'attainments.aimed', 10) }},
                    cast(9999.9999999999 as decimal(14, 10))
                )
        end as attainment
    from attainments
    left join {{ ref('policy_payout_curves') }} as curves
        on
            attainments.curve_id = curves.curve_id
            and attainments.exception_reason is null
            and attainments.curve_applies_to = 'item'
            and attainments.aimed > 0
            and attainments.attained >= curves.attainment_from * attainments.aimed
            and (
                curves.attainment_to is null
                or attainments.attained < curves.attainment_to * attainments.aimed
            )

),

caps as (

    select
        curve_id,
        max(cap) as cap
    from {{ ref('policy_payout_curves') }}
    group by curve_id

),

paid as (

    select
        placed.*,
        cast(placed.attainment as decimal(14, 10)) as ratio,
        case
            when placed.exception_reason in ('nothing fell due', 'no day was due')
                then coalesce(placed.factor_when_nothing_due, 0)
            when placed.exception_reason is not null then 0
            -- Lower is better and nothing was spent or waited: the most there is.
            when placed.aimed = 0 and placed.curve_applies_to = 'total' then placed.attainment_cap
            when placed.aimed = 0 then caps.cap
            when placed.curve_applies_to = 'total' then least(placed.attainment, placed.attainment_cap)
            else {{ curve_value('placed') }}
        end as factor
    from placed
    left join caps
        on placed.curve_id = caps.curve_id

),

final as (

    select
        employee_id,
        plan_id,
        period_kind,
        item_group,
        measure,
        scope,
        curve_id,
        curve_applies_to,
        target_id,
        exception_reason,
        weight,
        target_value,
        numerator,
        denominator,
        case when exception_reason is null then ratio end as attainment,
        cast(factor as decimal(14, 10)) as factor,
        cast(weight * cast(factor as decimal(20, 10)) as decimal(14, 10)) as weighted_factor,
        target_day_count,
        period_day_count,
        period_month
    from paid

)

select * from final
