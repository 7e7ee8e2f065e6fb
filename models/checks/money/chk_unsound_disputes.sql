select
    dispute_id,
    employee_id,
    fault,
    outcome,
    decided_by,
    adjustment_id,
    commission_line_id,
    measure,
    statement_month
from {{ ref('fct_pay_disputes') }}
where fault is not null
