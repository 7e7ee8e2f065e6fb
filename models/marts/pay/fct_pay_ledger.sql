{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

{#-
    Rows are only ever added, by a run with `close_month`; `full_refresh=false` keeps them from
    `--full-refresh`. A close posts, per payee, component and earning month, what is now computed
    less what was posted (RULES 8), from the first month ever closed to the month that is closed.
    What was closed before is looked up, not ref'd: fct_closes is written after this table.
-#}
{%- set closes = adapter.get_relation(
    database=this.database, schema=this.schema, identifier='fct_closes'
) if execute else none -%}

with

closing as (

    select
        periods.period_month,
        coalesce(closed.first_month, periods.period_month) as first_month
    from {{ ref('dim_periods') }} as periods
    cross join (
        {%- if closes %}
        select
            min(period_month) as first_month,
            max(period_month) as last_month
        from {{ closes }}
        {%- else %}
        select
            cast(null as date) as first_month,
            cast(null as date) as last_month
        {%- endif %}
    ) as closed
    where {{ is_month_to_close('periods', 'closed') }}

),

computed as (

    select *
    from {{ ref('int_payable_amounts') }}

),

posted as (

    {% if is_incremental() -%}
    select
        employee_id,
        component,
        currency,
        period_month,
        sum(amount) as amount
    from {{ this }}
    group by employee_id, component, currency, period_month
    {%- else -%}
    select
        employee_id,
        component,
        currency,
        period_month,
        amount
    from computed
    where false
    {%- endif %}

),

differences as (

    select
        coalesce(computed.employee_id, posted.employee_id) as employee_id,
        coalesce(computed.component, posted.component) as component,
        coalesce(computed.currency, posted.currency) as currency,
        coalesce(computed.period_month, posted.period_month) as period_month,
        coalesce(computed.amount, 0) - coalesce(posted.amount, 0) as amount
    from computed
    full outer join posted
        on
            computed.employee_id = posted.employee_id
            and computed.component = posted.component
            and computed.currency = posted.currency
            and computed.period_month = posted.period_month

),

final as (

    select
        cast(closing.period_month as {{ dbt.type_string() }}) || '|' || differences.employee_id
        || '|' || differences.component || '|' || differences.currency || '|'
        || cast(differences.period_month as {{ dbt.type_string() }}) as ledger_entry_id,
        differences.employee_id,
        differences.component,
        differences.currency,
        cast(differences.amount as decimal(18, 4)) as amount,
        differences.period_month < closing.period_month as is_correction,
        differences.period_month,
        closing.period_month as posting_month
    from differences
    inner join closing
        on
            differences.period_month >= closing.first_month
            and differences.period_month <= closing.period_month
    where differences.amount <> 0

)

select * from final
