{#-
    What became of the known rows of a landing table, counted: `rows_older` (a later version of their key
    counts), `rows_deleted` (the newest version, and it says so). Which keys have several versions, and how
    many, is written down when files are landed (orchestration.landed_again). As of a day before, the
    versions of these are counted anew.
-#}
{% macro landed_fates(system, name) -%}
    {{ adapter.dispatch('landed_fates')(system, name) }}
{%- endmacro %}

{% macro default__landed_fates(system, name) -%}
        {{ fates_of_versions(system, name, 'true') }}
{%- endmacro %}

{% macro duckdb__landed_fates(system, name) -%}
    {%- set landing_table = system ~ '.' ~ name -%}
    {%- set contract = landing_contract(system, name) -%}
    {%- set is_recorded = is_looked_up(system, name)
        and (contract.key | length == 1 or run_setting('known_at') is none) -%}
    {%- if not is_recorded -%}
        {{ default__landed_fates(system, name) }}
    {%- elif run_setting('known_at') is none -%}
        select
            coalesce(sum(version_count - 1), 0) as rows_older,
            -- Of the rows below that say so, those of keys with several versions count once at most.
            coalesce(sum(case when is_deleted then 1 else 0 end - deletion_count), 0) as rows_deleted
        from orchestration.landed_again
        where landing_table = '{{ landing_table }}'
        union all
        -- A file's own statistics tell where no row says so.
        select
            0 as rows_older,
            count(*) as rows_deleted
        from {{ source(system, name) }}
        where cast(_deleted as boolean) = true
    {%- else -%}
        {%- set again -%}
            cast({{ contract.key[0] }} as {{ dbt.type_string() }}) in (
                    select key
                    from orchestration.landed_again
                    where landing_table = '{{ landing_table }}'
                )
        {%- endset -%}
        {{ fates_of_versions(system, name, again) }}
        union all
        select
            0 as rows_older,
            count(case when cast(_deleted as boolean) then 1 end) as rows_deleted
        from {{ source(system, name) }}
        where
            {{ is_known() }}
            and not {{ again }}
    {%- endif -%}
{%- endmacro %}

{% macro fates_of_versions(system, name, condition) -%}
        select
            coalesce(sum(versions.version_count - 1), 0) as rows_older,
            count(case when versions.is_deleted then 1 end) as rows_deleted
        from (
            {{ landed_keys(system, name, condition) }}
        ) as versions
{%- endmacro %}

{#-
    The known keys of a landing table, each with its `version_count` and whether the newest version says that it
    `is_deleted`.
-#}
{% macro landed_keys(system, name, condition) -%}
            {%- set contract = landing_contract(system, name) -%}
            select
                {%- for column in contract.key %}
                {{ typed(column, contract.types[column]) }} as {{ column }},
                {%- endfor %}
                count(*) as version_count,
                {{ is_newest_deleted('cast(_deleted as boolean)', instant('_loaded_at')) }} as is_deleted
            from {{ source(system, name) }}
            where
                {{ is_known() }}
                and {{ condition }}
            group by
                {%- for column in contract.key %}
                {{ typed(column, contract.types[column]) }}{{ ',' if not loop.last }}
                {%- endfor %}
{%- endmacro %}

{#- A landed column in the type of the contract. -#}
{% macro typed(column, data_type) -%}
    {%- if data_type == 'timestamp' -%}
        {{ instant(column) }}
    {%- else -%}
        cast({{ column }} as {{ dbt.type_string() if data_type == 'string' else data_type }})
    {%- endif -%}
{%- endmacro %}

{#- Key, types of the columns, and whether its rows lie in months of their own, of a landing table; nothing when parsing. -#}
{% macro landing_contract(system, name) -%}
    {%- if not execute -%}
        {{ return({'key': ['_loaded_at'], 'types': {}, 'months': false}) }}
    {%- endif -%}
    {%- set found = graph.sources['source.' ~ project_name ~ '.' ~ system ~ '.' ~ name] -%}
    {%- set types = {} -%}
    {%- for column in found.columns.values() -%}
        {%- do types.update({column.name: column.data_type}) -%}
    {%- endfor -%}
    {{ return({
        'key': found.config.meta.key,
        'types': types,
        'months': found.config.meta.get('months', []) | rejectattr('table', 'defined') | list | length > 0,
    }) }}
{%- endmacro %}

{#- Whether the months and the keys of a landing table's rows have been written down (orchestration/lib/changes.py). -#}
{% macro is_looked_up(system, name) -%}
    {{ return(landing_contract(system, name).months and has_files_seen(system ~ '.' ~ name)) }}
{%- endmacro %}

{% macro has_files_seen(landing_table) -%}
    {{ return(run_query(
        "select count(*) from orchestration.landing_files where landing_table = '" ~ landing_table ~ "'"
    ).rows[0][0] > 0) }}
{%- endmacro %}

{#- The tables of the landing contract by system; a test holds them against it. -#}
{% macro landing_table_names() -%}
    {{ return({
        'crm': [
            'accounts', 'account_assignments', 'contacts', 'opportunities',
            'opportunity_stage_history', 'opportunity_team', 'activities', 'service_requests',
            'surveys', 'deliveries', 'account_health',
        ],
        'billing': [
            'products', 'contracts', 'payments', 'consumption', 'refunds', 'account_costs',
            'fx_rates',
        ],
        'hr': [
            'employees', 'job_history', 'teams', 'absences', 'expenses', 'ratings', 'quotas',
            'targets', 'pay_adjustments', 'pay_disputes', 'grade_changes', 'plan_assignments',
        ],
    }) }}
{%- endmacro %}

{#- Those whose rows lie in months of their own, or the others, as [system, name]; the same test holds them. -#}
{% macro landing_tables_in_months(are_in_months) -%}
    {%- set in_months = [
        'crm.opportunities', 'crm.opportunity_stage_history', 'crm.activities',
        'crm.service_requests', 'crm.surveys', 'crm.deliveries', 'crm.account_health',
        'billing.contracts', 'billing.payments', 'billing.consumption', 'billing.refunds',
        'billing.account_costs', 'hr.expenses', 'hr.ratings', 'hr.pay_adjustments',
    ] -%}
    {%- set found = [] -%}
    {%- for system, names in landing_table_names().items() -%}
        {%- for name in names if (system ~ '.' ~ name in in_months) == are_in_months -%}
            {%- do found.append([system, name]) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- The CTE `counted`: what became of the landed rows of these tables, a row for each. -#}
{% macro fates_by_table(tables) -%}
fates as (

    {% for system, name in tables %}
    select
        '{{ system }}.{{ name }}' as landing_table,
        coalesce(sum(fates.rows_older), 0) as rows_older,
        coalesce(sum(fates.rows_deleted), 0) as rows_deleted
    from (
        {{ landed_fates(system, name) }}
    ) as fates
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

-- Counted where they lie, too: as what is left over of the landed rows they would hide a loss.
later as (

    {% for system, name in tables %}
    select
        '{{ system }}.{{ name }}' as landing_table,
        {% if run_setting('known_at') is none -%}
        0 as rows_not_known
        {%- else -%}
        count(*) as rows_not_known
    from {{ source(system, name) }}
    where not ({{ is_known() }})
        {%- endif %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

counted as (

    select
        fates.landing_table,
        fates.rows_older,
        fates.rows_deleted,
        later.rows_not_known
    from fates
    inner join later
        on fates.landing_table = later.landing_table

)
{%- endmacro %}
