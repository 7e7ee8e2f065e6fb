{{ config(
    materialized='by_month',
    is_light=true,
    reach={'crm.opportunity_team': 'everything'},
) }}

{#-
    Rows by the month in which they happened: of each table the day that says so. What a large table's
    fact has is counted there.
-#}
{%- set days = {
    'crm.accounts': ['stg_crm__accounts', 'created_date'],
    'crm.account_assignments': ['stg_crm__account_assignments', 'valid_from'],
    'crm.contacts': ['stg_crm__contacts', 'created_date'],
    'crm.opportunities': ['fct_opportunities', 'period_month'],
    'crm.opportunity_team': ['stg_crm__opportunity_team', 'loaded_at'],
    'crm.activities': ['fct_activities', 'period_month'],
    'crm.service_requests': ['fct_service_requests', 'period_month'],
    'crm.surveys': ['stg_crm__surveys', 'responded_date'],
    'crm.deliveries': ['stg_crm__deliveries', 'due_on'],
    'crm.account_health': ['stg_crm__account_health', 'measured_on'],
    'billing.products': ['stg_billing__products', 'launched_on'],
    'billing.contracts': ['stg_billing__contracts', 'signed_on'],
    'billing.payments': ['fct_transactions', 'period_month', 'collected'],
    'billing.consumption': ['fct_transactions', 'period_month', 'consumed'],
    'billing.refunds': ['fct_transactions', 'period_month', 'refunded'],
    'billing.account_costs': ['stg_billing__account_costs', 'incurred_on'],
    'billing.fx_rates': ['stg_billing__fx_rates', 'rate_date'],
    'hr.employees': ['stg_hr__employees', 'hire_date'],
    'hr.job_history': ['stg_hr__job_history', 'valid_from'],
    'hr.teams': ['stg_hr__teams', 'loaded_at'],
    'hr.absences': ['stg_hr__absences', 'valid_from'],
    'hr.expenses': ['stg_hr__expenses', 'incurred_on'],
    'hr.ratings': ['stg_hr__ratings', 'period_month'],
    'hr.quotas': ['stg_hr__quotas', 'valid_from'],
    'hr.targets': ['stg_hr__targets', 'valid_from'],
    'hr.pay_adjustments': ['stg_hr__pay_adjustments', 'period_month'],
    'hr.pay_disputes': ['stg_hr__pay_disputes', 'raised_on'],
    'hr.grade_changes': ['stg_hr__grade_changes', 'effective_from'],
    'hr.plan_assignments': ['stg_hr__plan_assignments', 'valid_from'],
} -%}

with

counted as (

    {% for landing_table, place in days.items() %}
    select
        '{{ landing_table }}' as landing_table,
        {{ month_of(place[1]) }} as period_month,
        count(*) as row_count
    from {{ ref(place[0]) }}
    where
        {{ in_months(place[1]) }}
        {%- if place[2] is defined %}
        and transaction_kind = '{{ place[2] }}'
        {%- endif %}
    group by {{ month_of(place[1]) }}
    union all
    {%- endfor %}
    -- Stages by the month in which their deal began, as their fact is built.
    select
        'crm.opportunity_stage_history' as landing_table,
        period_month,
        sum(entry_count) as row_count
    from {{ ref('fct_opportunity_stages') }}
    where {{ in_months('period_month') }}
    group by period_month

),

-- A month without a row of a table is what is looked for: it has a row here.
final as (

    select
        tables.landing_table,
        cast(coalesce(counted.row_count, 0) as bigint) as row_count,
        periods.period_month
    from {{ ref('dim_periods') }} as periods
    cross join {{ ref('int_landing_tables') }} as tables
    left join counted
        on
            tables.landing_table = counted.landing_table
            and periods.period_month = counted.period_month
    where {{ in_months('periods.period_month') }}

)

select * from final
