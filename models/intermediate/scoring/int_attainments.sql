{{ config(
    materialized='by_month',
    reach={'int_presences': 'quarter'},
) }}

{#-
    Attainment as two amounts to be compared, never as a quotient (RULES 0): attained / aimed. A count
    or an amount is due for the share of the period's days that a target was due for, and a ratio is
    the same on each of them, so both sides are multiplied by days; for a ratio also by what fell due.
    Where lower is better they change places.
-#}
with

-- A quarter begins two months before its last.
presence as (

    select
        lengths.period_kind,
        lengths.period_month,
        presences.employee_id,
        count(*) as stretch_count
    from {{ ref('int_presences') }} as presences
    inner join {{ ref('int_period_lengths') }} as lengths
        on
            presences.period_month >= lengths.period_start
            and presences.period_month <= lengths.period_month
    where
        presences.period_month >= {{ add_months(window_start(), -2) }}
        and {{ in_months('lengths.period_month') }}
    group by lengths.period_kind, lengths.period_month, presences.employee_id

),

sides as (

    select
        items.*,
        case items.target_days
            when 'calendar_days' then lengths.calendar_days
            when 'working_days' then lengths.working_days
            else 1
        end as period_day_count,
        -- A negative actual attains nothing; the measure keeps its sign.
        greatest(items.numerator, 0) as counted,
        coalesce(presence.stretch_count, 0) as stretch_count
    from {{ ref('int_due_score_items') }} as items
    inner join {{ ref('int_period_lengths') }} as lengths
        on
            items.period_month = lengths.period_month
            and items.period_kind = lengths.period_kind
    left join presence
        on
            items.employee_id = presence.employee_id
            and items.period_month = presence.period_month
            and items.period_kind = presence.period_kind
    where {{ in_months('items.period_month') }}

),

weighed as (

    select
        *,
        case when has_denominator then target_day_count else period_day_count end as target_divisor,
        cast(
            {{ wide('counted') }}
            * case when has_denominator then target_day_count else period_day_count end
            as decimal(30, 8)
        ) as actual_side,
        cast({{ wide('target_days_value') }} * denominator as decimal(30, 8)) as target_side
    from sides

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
        unit,
        target_id,
        case
            when target_days <> 'last_day' and stretch_count = 0 then 'no day was due'
            when target_days_value is null then 'no target'
            when target_day_count = 0 then 'no day was due'
            when target_days_value <= 0 then 'target is not above 0'
            when denominator = 0 then 'nothing fell due'
        end as exception_reason,
        weight,
        factor_when_nothing_due,
        attainment_cap,
        cast(
            {{ exact_quotient_of_columns('target_days_value', 'target_divisor', 4) }} as decimal(18, 4)
        ) as target_value,
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
        target_day_count,
        cast(period_day_count as integer) as period_day_count,
        period_month
    from weighed

)

select * from final
