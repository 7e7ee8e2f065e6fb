{{ config(materialized='ephemeral') }}

select
    board,
    period_kind,
    employee_id,
    quality_measure,
    value,
    rank_value,
    quality_value,
    period_month
from {{ ref('int_measure_boards') }}
{% for board, kind, value, relation in [
    ('score', 'period_kind', 'score', 'fct_scores'),
    ('commission', "'month'", 'sum(company_amount)', 'fct_commissions'),
    ('quota_attainment', "'quota_window'", 'attainment', 'fct_quota_attainment'),
] -%}
union all
select
    '{{ board }}' as board,
    {{ kind }} as period_kind,
    employee_id,
    cast(null as {{ dbt.type_string() }}) as quality_measure,
    cast({{ value }} as decimal(24, 10)) as value,
    cast({{ value }} as decimal(24, 10)) as rank_value,
    cast(null as decimal(18, 4)) as quality_value,
    period_month
from {{ ref(relation) }}
{% if board == 'quota_attainment' -%}
where attainment is not null
{% elif board == 'commission' -%}
group by employee_id, period_month
{% endif %}
{%- endfor %}
