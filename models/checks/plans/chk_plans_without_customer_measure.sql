select
    plan_id,
    period_kind,
    segment,
    count(*) as measure_count,
    min(measure) as first_measure
from {{ ref('int_plan_weights') }}
group by plan_id, period_kind, segment
having sum(case when is_about_customers then 1 else 0 end) = 0
