{{ config(
    materialized='by_month',
    reach={'fct_measures': 'quarter', 'fct_team_measures': 'quarter'},
) }}

{#- Every score item of every payee and period, with its target and what was measured. -#}
with

items as (

    select *
    from {{ ref('int_payee_score_items') }}
    where {{ in_months('period_month') }}

),

-- Days x target: what the days come to is divided by the period's days only for display.
targeted as (

    select
        employee_id,
        period_month,
        period_kind,
        measure,
        scope,
        max(case when is_last then target_id end) as target_id,
        sum({{ wide('target_value') }} * day_count) as target_days_value,
        sum(day_count) as target_day_count
    from (
        select
            *,
            row_number() over (
                partition by employee_id, period_month, period_kind, measure, scope
                order by due_from desc
            ) = 1 as is_last
        from {{ ref('int_target_stretches') }}
        where {{ in_months('period_month') }}
    ) as stretches
    group by employee_id, period_month, period_kind, measure, scope

),

-- A quarter begins two months before its last.
measures as (

    select
        employee_id as whose,
        'own' as scope,
        measure,
        numerator,
        denominator,
        period_month
    from {{ ref('fct_measures') }}
    where
        period_month >= {{ add_months(window_start(), -2) }}
        and period_month < {{ window_end() }}
    union all
    select
        ancestors.ancestor_team_id as whose,
        'team' as scope,
        team_measures.measure,
        team_measures.numerator,
        team_measures.denominator,
        team_measures.period_month
    from {{ ref('fct_team_measures') }} as team_measures
    inner join {{ ref('int_team_ancestors') }} as ancestors
        on team_measures.scope_id = ancestors.team_id
    where
        team_measures.scope_type = 'team'
        and team_measures.period_kind = 'month'
        and team_measures.period_month >= {{ add_months(window_start(), -2) }}
        and team_measures.period_month < {{ window_end() }}

),

measured as (

    select
        items.employee_id,
        items.period_month,
        items.period_kind,
        items.measure,
        items.scope,
        sum(measures.numerator) as numerator,
        sum(measures.denominator) as denominator
    from items
    inner join measures
        on
            case items.scope when 'own' then items.employee_id else items.team_id end = measures.whose
            and items.scope = measures.scope
            and items.measure = measures.measure
            and items.period_start <= measures.period_month
            and items.period_month >= measures.period_month
    group by items.employee_id, items.period_month, items.period_kind, items.measure, items.scope

),

final as (

    select
        items.*,
        targeted.target_id,
        targeted.target_days_value,
        cast(coalesce(targeted.target_day_count, 0) as integer) as target_day_count,
        cast(coalesce(measured.numerator, 0) as decimal(18, 4)) as numerator,
        -- A count or an amount is itself; a ratio or an average is over what fell due, perhaps nothing.
        cast(
            case
                when items.has_denominator then coalesce(measured.denominator, 0)
                else 1
            end as decimal(18, 4)
        ) as denominator
    from items
    {% for part in ['targeted', 'measured'] -%}
    left join {{ part }}
        on
            items.employee_id = {{ part }}.employee_id
            and items.period_month = {{ part }}.period_month
            and items.period_kind = {{ part }}.period_kind
            and items.measure = {{ part }}.measure
            and items.scope = {{ part }}.scope
    {% endfor %}
)

select * from final
