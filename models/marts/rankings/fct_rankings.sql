{{ config(
    materialized='by_month',
    batch_factor=10,
    reach={
        'int_measure_boards': 'next_quarter',
        'fct_scores': 'next_quarter',
        'fct_commissions': 'next_quarter',
        'fct_quota_attainment': 'next_window',
        'int_payee_months': ['next_quarter', 'next_window'],
    },
) }}

with

boards as (

    select *
    from {{ ref('int_boards') }}

),

scoped as (

    {% for scope in ['company', 'region', 'team'] -%}
    select
        boards.*,
        payees.role,
        '{{ scope }}' as scope_type,
        {% if scope == 'company' %}'company'
        {% elif scope == 'region' %}payees.region
        {% else %}payees.team_id
        {% endif %} as scope_id
    from boards
    inner join {{ ref('int_payee_months') }} as payees
        on
            boards.employee_id = payees.employee_id
            and boards.period_month = payees.period_month
    -- Movement compares with the period before, up to three months ago, or the window before.
    where
        boards.period_month < {{ window_end() }}
        and (
            boards.period_kind = 'quota_window'
            or boards.period_month >= {{ add_months(window_start(), -3) }}
        )
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

ranked as (

    -- Equal values share a rank.
    select
        *,
        rank() over (
            partition by board, period_kind, period_month, role, scope_type, scope_id
            order by rank_value desc
        ) as place,
        count(*) over (
            partition by board, period_kind, period_month, role, scope_type, scope_id
        ) as ranked_count
    from scoped
    where scope_id is not null

),

compared as (

    select
        *,
        lag(place) over (
            partition by board, period_kind, role, scope_type, scope_id, employee_id
            order by period_month
        ) as previous_place,
        lag(period_month) over (
            partition by board, period_kind, role, scope_type, scope_id, employee_id
            order by period_month
        ) as previous_month
    from ranked

),

final as (

    select
        board,
        period_kind,
        scope_type,
        scope_id,
        role,
        employee_id,
        quality_measure,
        value,
        -- For whoever may see performance and not pay.
        case when board <> 'commission' then value end as performance_value,
        quality_value,
        cast(place as integer) as rank,
        -- The share of the board at or below the payee: all but those who are above.
        cast({{ exact_quotient_of_columns('(ranked_count - place + 1)', 'ranked_count', 6) }} as decimal(9, 6))
            as percentile,
        cast(ranked_count as integer) as ranked_count,
        -- Places gained since the period just before; null where the payee was not on the board.
        cast(
            case
                when
                    period_kind = 'quota_window'
                    or period_kind = 'month'
                    and previous_month = {{ add_months('period_month', -1) }}
                    or period_kind = 'quarter'
                    and previous_month = {{ add_months('period_month', -3) }}
                    then previous_place - place
            end as integer
        ) as rank_change,
        period_month
    from compared
    where {{ in_months('period_month') }}

)

select * from final
