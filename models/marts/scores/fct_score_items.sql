{{ config(materialized='by_month') }}

with

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
        attainment,
        factor,
        weighted_factor,
        target_day_count,
        period_day_count,
        period_month
    from {{ ref('int_item_factors') }}
    where {{ in_months('period_month') }}
    union all
    -- The scores of the people supported, which have been through their own curves (S0-09).
    select
        employee_id,
        plan_id,
        period_kind,
        'upstream' as item_group,
        upstream_role || '_score' as measure,
        link as scope,
        null as curve_id,
        'item' as curve_applies_to,
        null as target_id,
        exception_reason,
        weight,
        null as target_value,
        cast(coalesce(numerator, 0) as decimal(18, 4)) as numerator,
        cast(coalesce(denominator, 0) as decimal(18, 4)) as denominator,
        null as attainment,
        factor,
        cast(weight * cast(factor as decimal(20, 10)) as decimal(14, 10)) as weighted_factor,
        null as target_day_count,
        null as period_day_count,
        period_month
    from {{ ref('int_upstream_factors') }}
    where {{ in_months('period_month') }}

)

select * from final
