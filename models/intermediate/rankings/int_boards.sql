{{ config(materialized='ephemeral') }}

select
    'score' as board,
    period_kind,
    employee_id,
    cast(score as decimal(24, 10)) as value,
    period_month
from {{ ref('fct_scores') }}
union all
select
    'commission' as board,
    'month' as period_kind,
    employee_id,
    cast(sum(commission_amount) as decimal(24, 10)) as value,
    period_month
from {{ ref('fct_commissions') }}
group by employee_id, period_month
union all
select
    'quota_attainment' as board,
    'quota_window' as period_kind,
    employee_id,
    cast(attainment as decimal(24, 10)) as value,
    period_month
from {{ ref('fct_quota_attainment') }}
where attainment is not null
