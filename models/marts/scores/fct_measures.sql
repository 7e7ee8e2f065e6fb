{{ config(materialized='by_month') }}

with

measured as (

    {% set domains = [
        'activities', 'created_deals', 'closed_deals', 'conversions', 'customers', 'renewals', 'sales',
        'wins', 'service', 'surveys', 'deliveries', 'usage', 'costs', 'ratings',
    ] -%}
    {%- for domain in domains %}
    select
        employee_id,
        measure,
        numerator,
        denominator,
        period_month
    from {{ ref('int_measures__' ~ domain) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

-- A measure may have parts in several domains: upsell has.
summed as (

    select
        employee_id,
        measure,
        cast(sum(numerator) as decimal(18, 4)) as numerator,
        cast(sum(denominator) as decimal(18, 4)) as denominator,
        period_month
    from measured
    where
        employee_id is not null
        and {{ in_months('period_month') }}
    group by employee_id, measure, period_month

),

final as (

    -- Where whoever it was worked at the end of the month; null for what comes after a leave.
    select
        summed.employee_id,
        payees.team_id,
        payees.region,
        summed.measure,
        summed.numerator,
        summed.denominator,
        {{ measure_value('summed.numerator', 'summed.denominator') }} as value,
        summed.period_month
    from summed
    -- A contract of before the first job, or a close in the future, is in no period.
    inner join {{ ref('dim_periods') }} as periods
        on summed.period_month = periods.period_month
    left join {{ ref('int_payee_months') }} as payees
        on
            summed.employee_id = payees.employee_id
            and summed.period_month = payees.period_month

)

select * from final
