select
    employee_id,
    plan_id,
    exception_reason,
    cast(sum(amount) as decimal(18, 4)) as unpaid_sales_amount,
    period_month
from {{ ref('fct_commission_lines') }}
where exception_reason is not null
group by employee_id, plan_id, exception_reason, period_month
