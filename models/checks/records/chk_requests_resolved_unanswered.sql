select
    request_id,
    account_id,
    employee_id,
    requested_at,
    first_responded_at,
    resolved_at,
    period_month
from {{ ref('fct_service_requests') }}
where
    resolved_at < first_responded_at
    or first_responded_at < requested_at
