{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

{#- Written after the ledger: a close that broke off between them is taken up by the next run. -#}
with

known as (

    select max(newest_loaded_at) as newest_loaded_at
    from {{ ref('int_landing_tables') }}

),

closed as (

    {% if is_incremental() -%}
    select max(period_month) as last_month
    from {{ this }}
    {%- else -%}
    select cast(null as date) as last_month
    {%- endif %}

),

closing as (

    select periods.period_month
    from {{ ref('dim_periods') }} as periods
    cross join closed
    where {{ is_month_to_close('periods', 'closed') }}

),

entries as (

    select
        posting_month,
        count(*) as entry_count,
        sum(case when is_correction then 1 else 0 end) as correction_count
    from {{ ref('fct_pay_ledger') }}
    group by posting_month

),

final as (

    select
        'closed' as status,
        cast(
            {% if run_setting('policy_digest') is none %}null
            {%- else %}'{{ run_setting('policy_digest') }}'
            {%- endif %} as {{ dbt.type_string() }}
        ) as policy_digest,
        cast(coalesce(entries.entry_count, 0) as integer) as entry_count,
        cast(coalesce(entries.correction_count, 0) as integer) as correction_count,
        closing.period_month,
        -- What the close knew (RULES 8): recomputing with this cut-off gives the same pay.
        {% if run_setting('known_at') is none -%}
        known.newest_loaded_at as known_at,
        {%- else -%}
        cast('{{ run_setting('known_at') }}' as timestamp) as known_at,
        {%- endif %}
        cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as timestamp) as closed_at
    from closing
    cross join known
    left join entries
        on closing.period_month = entries.posting_month

)

select * from final
