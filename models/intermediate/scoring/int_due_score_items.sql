{{ config(
    materialized='by_month',
    reach={'fct_measures': 'quarter'},
) }}

{#- Every score item of every payee and period, with its target and what was measured. -#}
with

items as (

    select *
    from {{ ref('int_payee_score_items') }}
    where {{ in_months('period_month') }}

),

-- The narrowest target wins: employee, team, role, company (S1-05 keeps changes as rows).
targeted as (

    select
        items.employee_id,
        items.period_month,
        items.period_kind,
        items.measure,
        targets.target_id,
        targets.target_value,
        row_number() over (
            partition by items.employee_id, items.period_month, items.period_kind, items.measure
            order by
                case targets.scope_type
                    when 'employee' then 1
                    when 'team' then 2
                    when 'role' then 3
                    else 4
                end asc,
                targets.valid_from desc,
                targets.target_id asc
        ) as target_rank
    from items
    inner join {{ ref('stg_hr__targets') }} as targets
        on
            items.measure = targets.measure
            and {{ holds_on('targets', 'items.last_day') }}
            and case targets.scope_type
                when 'employee' then targets.scope_id = items.employee_id
                when 'team' then targets.scope_id = items.team_id
                when 'role' then targets.scope_id = items.role
                else true
            end

),

measured as (

    select
        items.employee_id,
        items.period_month,
        items.period_kind,
        items.measure,
        sum(measures.numerator) as numerator,
        sum(measures.denominator) as denominator
    from items
    inner join {{ ref('fct_measures') }} as measures
        on
            items.employee_id = measures.employee_id
            and items.measure = measures.measure
            and items.period_start <= measures.period_month
            and items.period_month >= measures.period_month
    -- A quarter begins two months before its last.
    where
        measures.period_month >= {{ add_months(window_start(), -2) }}
        and measures.period_month < {{ window_end() }}
    group by items.employee_id, items.period_month, items.period_kind, items.measure

),

final as (

    select
        items.employee_id,
        items.plan_id,
        items.period_kind,
        items.item_group,
        items.measure,
        items.curve_id,
        items.unit,
        items.direction,
        targeted.target_id,
        items.weight,
        items.factor_when_nothing_due,
        targeted.target_value,
        cast(coalesce(measured.numerator, 0) as decimal(18, 4)) as numerator,
        -- A count or an amount is itself; a ratio or an average is over what fell due, perhaps nothing.
        cast(
            case
                when items.has_denominator then coalesce(measured.denominator, 0)
                else 1
            end as decimal(18, 4)
        ) as denominator,
        items.period_month
    from items
    left join targeted
        on
            items.employee_id = targeted.employee_id
            and items.period_month = targeted.period_month
            and items.period_kind = targeted.period_kind
            and items.measure = targeted.measure
            and targeted.target_rank = 1
    left join measured
        on
            items.employee_id = measured.employee_id
            and items.period_month = measured.period_month
            and items.period_kind = measured.period_kind
            and items.measure = measured.measure

)

select * from final
