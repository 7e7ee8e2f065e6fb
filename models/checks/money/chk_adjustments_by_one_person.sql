-- Four eyes: what nobody else has approved is not paid (fct_pay_components).
select
    adjustment_id,
    employee_id,
    requested_by,
    approved_by,
    currency,
    amount,
    {{ month_of('period_month') }} as period_month
from {{ ref('stg_hr__pay_adjustments') }}
where
    approved_by is not null
    and approved_by = coalesce(requested_by, approved_by)
