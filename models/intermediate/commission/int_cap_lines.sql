{{ config(
    materialized='by_month',
    is_light=true,
    reach={'int_months_to_cap': 'year'},
) }}
{%- set kinds = ['month', 'quarter', 'half', 'year'] %}

{#-
    What the caps of a plan cut from a payee's commission in each month, and give back when refunds make
    room (S0-07): the capped running total of the cap's period against the uncapped one. The cap of a
    shorter period cuts first, and those of longer ones what it has left; all began eleven months ago at most.
    A month reads those of its year, so there is one batch.
-#}
with

capped as (

    select
        months.employee_id,
        months.plan_id,
        months.period_month,
        {% for kind in kinds -%}
        {{ kind }}_caps.cap_amount as {{ kind }}_cap,
        {{ 'periods.period_month' if kind == 'month' else 'periods.' ~ kind ~ '_start' }} as {{ kind }}_from,
        {% endfor -%}
        months.commission_amount as left_by_none
    from {{ ref('int_months_to_cap') }} as months
    inner join {{ ref('dim_periods') }} as periods
        on months.period_month = periods.period_month
    {% for kind in kinds -%}
    left join {{ ref('policy_commission_caps') }} as {{ kind }}_caps
        on
            months.plan_id = {{ kind }}_caps.plan_id
            and {{ kind }}_caps.cap_period = '{{ kind }}'
            and {{ holds_on(kind ~ '_caps', add_days('periods.next_month', -1)) }}
    {% endfor -%}
    where
        months.period_month >= {{ add_months(window_start(), -11) }}
        and months.period_month < {{ window_end() }}

),

{% for kind in kinds %}
{%- set former = 'none' if loop.first else loop.previtem -%}
above_{{ kind }} as (

    select
        *,
        greatest(
            sum(left_by_{{ former }}) over (
                partition by employee_id, plan_id, {{ kind }}_from
                order by period_month
                rows between unbounded preceding and current row
            ) - {{ kind }}_cap,
            0
        ) as above_{{ kind }}
    from {{ 'capped' if loop.first else 'cut_by_' ~ former }}

),

cut_by_{{ kind }} as (

    select
        *,
        left_by_{{ former }} - above_{{ kind }}
        + coalesce(
            lag(above_{{ kind }}) over (
                partition by employee_id, plan_id, {{ kind }}_from
                order by period_month
            ),
            0
        ) as left_by_{{ kind }}
    from above_{{ kind }}

),

{% endfor -%}
final as (

    {% for kind in kinds -%}
    select
        'capped' as line_kind,
        employee_id,
        plan_id,
        '{{ kind }}' as cap_period,
        cast(
            left_by_{{ kind }} - left_by_{{ loop.previtem | default('none') }} as decimal(18, 4)
        ) as commission_amount,
        period_month
    from cut_by_{{ kinds | last }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor %}
)

select * from final
where commission_amount <> 0
