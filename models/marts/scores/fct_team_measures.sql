{{ config(
    materialized='by_month',
    reach={'fct_measures': 'year'},
) }}

{#- Numerators and denominators are added up, over people and months; never a mean of means (RULES 3). -#}
{%- set kinds = {'quarter': 3, 'half': 6, 'year': 12} -%}

with

periods as (

    select
        period_month,
        'month' as period_kind,
        period_month as period_start
    from {{ ref('dim_periods') }}
    {%- for kind in kinds %}
    union all
    select
        period_month,
        '{{ kind }}' as period_kind,
        {{ kind }}_start as period_start
    from {{ ref('dim_periods') }}
    where next_month = next_{{ kind }}
    {%- endfor %}

),

-- A year begins eleven months before its last. Of members there are many, of teams few: they are summed first.
measures as (

    select
        team_id,
        region,
        measure,
        sum(numerator) as numerator,
        sum(denominator) as denominator,
        period_month
    from {{ ref('fct_measures') }}
    where
        period_month >= {{ add_months(window_start(), -11) }}
        and period_month < {{ window_end() }}
    group by team_id, region, measure, period_month

),

members as (

    {% for scope, scope_id in [('team', 'team_id'), ('region', 'region'), ('company', "'company'")] -%}
    select
        '{{ scope }}' as scope_type,
        {{ scope_id }} as scope_id,
        measure,
        numerator,
        denominator,
        period_month
    from measures
    {% if scope != 'company' -%}
    where {{ scope_id }} is not null
    {% endif -%}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

summed as (

    select
        members.scope_type,
        members.scope_id,
        periods.period_kind,
        members.measure,
        cast(sum(members.numerator) as decimal(18, 4)) as numerator,
        cast(sum(members.denominator) as decimal(18, 4)) as denominator,
        periods.period_month
    from members
    inner join periods
        on
            members.period_month >= periods.period_start
            and members.period_month <= periods.period_month
    where {{ in_months('periods.period_month') }}
    group by
        members.scope_type, members.scope_id, periods.period_kind, members.measure,
        periods.period_month

),

final as (

    select
        scope_type,
        scope_id,
        period_kind,
        measure,
        numerator,
        denominator,
        {{ measure_value('numerator', 'denominator') }} as value,
        period_month
    from summed

)

select * from final
