select
    employee_id,
    role,
    period_month
from {{ ref('int_payee_months') }}
where plan_id is null
