{{ config(materialized='by_month') }}

select
    employee_id,
    count(*) as activity_count,
    sum(case when is_recontactable then 1 else 0 end) as contact_count,
    period_month
from {{ ref('fct_activities') }}
where
    employee_id is not null
    and {{ in_months('period_month') }}
group by employee_id, period_month
