{{ config(materialized='by_month') }}

{#-
    Attainment as two amounts to be compared, never as a quotient (RULES 0): attained / aimed. For a
    ratio both are multiplied by what fell due; where lower is better they change places.
-#}
with

sides as (

    select
        *,
        -- A negative actual attains nothing; the measure keeps its sign.
        cast(greatest(numerator, 0) as decimal(30, 8)) as actual_side,
        cast({{ wide('target_value') }} * denominator as decimal(30, 8)) as target_side
    from {{ ref('int_due_score_items') }}
    where {{ in_months('period_month') }}

),

final as (

    select
        employee_id,
        plan_id,
        period_kind,
        item_group,
        measure,
        curve_id,
        unit,
        target_id,
        case
            when target_value is null then 'no target'
            when target_value <= 0 then 'target is not above 0'
            when denominator = 0 then 'nothing fell due'
        end as exception_reason,
        weight,
        factor_when_nothing_due,
        target_value,
        numerator,
        denominator,
        case direction
            when 'lower_is_better' then target_side
            else actual_side
        end as attained,
        case direction
            when 'lower_is_better' then actual_side
            else target_side
        end as aimed,
        period_month
    from sides

)

select * from final
