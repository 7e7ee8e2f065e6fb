select
    employee_id,
    plan_id,
    period_kind,
    measure,
    exception_reason,
    period_month
from {{ ref('fct_score_items') }}
where exception_reason in ('no target', 'target is not above 0')
