select
    dispute_id,
    employee_id,
    component,
    currency,
    reason,
    claimed_amount,
    open_days,
    statement_month,
    raised_on
from {{ ref('fct_pay_disputes') }}
where is_open
