{{ config(materialized='ephemeral') }}

{#-
    Which gates of a plan are open for the sales of a month, as of a later one (RULES 5): the quota
    reached to a share, or a measure to its threshold over its period so far, by multiplying (RULES 0).
    A ratio of which nothing fell due shuts no gate.
-#}
with

due as (

    select
        months.employee_id,
        months.plan_id,
        months.credited_month,
        months.accumulation_start,
        months.period_month,
        gates.gate_id,
        gates.measure,
        gates.threshold,
        {{ period_start('gates.period_kind', 'periods') }} as period_start,
        {{ period_end('gates.period_kind', 'periods') }} as period_end
    from {{ ref('int_gated_months') }} as months
    inner join {{ ref('dim_periods') }} as periods
        on months.credited_month = periods.period_month
    inner join {{ ref('policy_commission_gates') }} as gates
        on
            months.plan_id = gates.plan_id
            and {{ holds_on('gates', add_days('periods.next_month', -1)) }}

),

quotas as (

    select
        employee_id,
        plan_id,
        accumulation_start,
        max(quota_amount) as quota_amount
    from {{ ref('int_accumulated_sales') }}
    where plan_id in (select gates.plan_id from {{ ref('policy_commission_gates') }} as gates)
    group by employee_id, plan_id, accumulation_start

),

-- Of the period so far, as of the month looked at.
{% for figures, source, columns in [
    ('sold', 'int_monthly_sales', 'sum(facts.signed_amount) as numerator'),
    (
        'measured', 'fct_measures',
        'sum(facts.numerator) as numerator, sum(facts.denominator) as denominator',
    ),
] -%}
{{ figures }} as (

    select
        due.employee_id,
        due.plan_id,
        due.credited_month,
        due.accumulation_start,
        due.period_month,
        due.gate_id,
        {{ columns }}
    from due
    inner join {{ ref(source) }} as facts
        on
            due.employee_id = facts.employee_id
            and due.period_month >= facts.period_month
            {% if figures == 'sold' -%}
            and due.measure is null
            and due.plan_id = facts.plan_id
            and due.accumulation_start = facts.accumulation_start
            {%- else -%}
            and due.measure = facts.measure
            and due.period_start <= facts.period_month
            and due.period_end > facts.period_month
            {%- endif %}
    group by
        due.employee_id, due.plan_id, due.credited_month, due.accumulation_start, due.period_month,
        due.gate_id

),

{% endfor -%}
final as (

    select
        due.employee_id,
        due.plan_id,
        due.credited_month,
        due.accumulation_start,
        due.period_month,
        due.gate_id,
        case
            when due.measure is null
                then coalesce(
                    quotas.quota_amount > 0
                    and sold.numerator >= {{ wide('quotas.quota_amount') }} * due.threshold,
                    false
                )
            when measures.has_denominator and coalesce(measured.denominator, 0) = 0 then true
            when measures.direction = 'higher_is_better'
                then
                    coalesce(measured.numerator, 0)
                    >= {{ wide('coalesce(measured.denominator, 1)') }} * due.threshold
            else
                coalesce(measured.numerator, 0)
                <= {{ wide('coalesce(measured.denominator, 1)') }} * due.threshold
        end as is_open
    from due
    left join {{ ref('policy_measures') }} as measures
        on due.measure = measures.measure
    left join quotas
        on
            due.employee_id = quotas.employee_id
            and due.plan_id = quotas.plan_id
            and due.accumulation_start = quotas.accumulation_start
    {% for figures in ['sold', 'measured'] -%}
    left join {{ figures }}
        on
            due.employee_id = {{ figures }}.employee_id
            and due.plan_id = {{ figures }}.plan_id
            and due.credited_month = {{ figures }}.credited_month
            and due.accumulation_start = {{ figures }}.accumulation_start
            and due.period_month = {{ figures }}.period_month
            and due.gate_id = {{ figures }}.gate_id
    {% endfor %}
)

select * from final
