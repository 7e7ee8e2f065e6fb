{#-
    The months that the current model has to build, in batches:
    {is_everything, batches (month_batches), change_id}; null bounds are open.

    Its inputs are the tables it reads, found through views and plain tables up to landing tables,
    and to models that record their own changes. `reach` in the model's config says which other
    months a changed month of an input reaches:
      quarter, half, year   the rest of the fiscal quarter, half or year
      next_quarter, next_half   the three or six months after it
      next_window           the months in which the quota windows after it end
      everything            every month
      onward                the months from it on
      lines                 the months with commission lines of what was transacted in it
      windows               the months in which the quota windows end that it lies in
      grace                 the months from it on, and those in which what can still be renewed in it fell due
      accumulation          the months in which sales of a period that it lies in accumulate
      reversals             the months that take back what was sold in it
      refunds               the months with refunds of what was paid in it, or of contracts paid for in it
      deals                 the months with transactions of the deals closed in it
      nothing               none: what changes is told by another name (changes_of)
-#}
{% macro changed_months(is_new) -%}
    {%- set unseen = unseen_changes() -%}
    {%- set found = unseen.changes -%}
    {#- A plan, a macro or a model of another wording: everything is built anew. -#}
    {%- set is_everything = is_new or unseen.is_first or '*' in found | map(attribute=0) | list -%}
    {%- if is_everything or config.get('always', false) -%}
        {{ return({
            'is_everything': is_everything,
            'batches': month_batches(range_of_months(none, none)),
            'change_id': unseen.newest,
        }) }}
    {%- endif -%}
    {%- set pending = [] -%}
    {%- for input, rows in of_some_month(found) | groupby(0) -%}
        {%- set ranges = [] -%}
        {%- for row in rows -%}
            {%- do ranges.append(range_of_months(row[1], row[2])) -%}
        {%- endfor -%}
        {%- do pending.append(
            reached_months(ranges | join(' union all '), config.get('reach', {}).get(input, []))
        ) -%}
    {%- endfor -%}
    {{ return({
        'is_everything': false,
        'batches': month_batches(pending | join(' union all ')) if pending else [],
        'change_id': unseen.newest,
    }) }}
{%- endmacro %}

{#-
    What has changed of what the current model reads since it was last built, as known at the same time:
    {newest: the newest change of all, is_first: it never was built, changes: [(input, first month, last month)]}.
    What holds from before all months on (the currency of somebody who was never hired before) has an open start.
-#}
{% macro unseen_changes() -%}
    {%- set inputs = recorded_inputs(model.unique_id, []) + config.get('changes_of', []) -%}
    {%- set names = "'" ~ (inputs + ['*']) | join("', '") ~ "'" -%}
    {%- set state = run_query(
        "select
            (select coalesce(max(change_id), 0) from orchestration.changes),
            (
                select max(change_id) from orchestration.built
                where model = '" ~ model.name ~ "'
                and known_at is not distinct from " ~ known_at_literal() ~ "
            )"
    ).rows[0] -%}
    {%- set newest, seen = state[0], state[1] -%}
    {%- if seen is none -%}
        {{ return({'newest': newest, 'is_first': true, 'changes': []}) }}
    {%- endif -%}
    {%- set found = run_query(
        "select distinct
            input, case when first_month >= " ~ window_start() ~ " then first_month end as first_month, last_month
        from orchestration.changes
        where change_id > " ~ seen ~ " and input in (" ~ names ~ ")
        order by all"
    ).rows -%}
    {{ return({'newest': newest, 'is_first': false, 'changes': found}) }}
{%- endmacro %}

{#-
    Without the changes of rows that lie in no month (their first comes after their last), which reach every month or
    none.
-#}
{% macro of_some_month(changes) -%}
    {%- set reach = config.get('reach', {}) -%}
    {%- set found = [] -%}
    {%- for row in changes -%}
        {%- set is_of_none = row[1] is not none and row[2] is not none and row[1] > row[2] -%}
        {%- if not is_of_none or reach.get(row[0]) == 'everything' -%}
            {%- do found.append(row) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- A range of months as a row; none is an open end. -#}
{% macro range_of_months(first, last) -%}
    {{ return("select " ~ literal_day(first) ~ " as first_month, " ~ literal_day(last) ~ " as last_month") }}
{%- endmacro %}

{% macro literal_day(day) -%}
    {{ return("cast(null as date)" if day is none else "cast('" ~ day ~ "' as date)") }}
{%- endmacro %}

{% macro known_at_literal() -%}
    {{ return("null" if run_setting('known_at') is none else "'" ~ run_setting('known_at') ~ "'") }}
{%- endmacro %}

{#- Names of the landing tables and change-recording models that a node reads, through what lies between. -#}
{% macro recorded_inputs(unique_id, seen) -%}
    {%- set found = [] -%}
    {%- for parent in graph.nodes[unique_id].depends_on.nodes if parent not in seen -%}
        {%- do seen.append(parent) -%}
        {%- if parent.startswith('source.') -%}
            {%- set source = graph.sources[parent] -%}
            {%- do found.append(source.source_name ~ '.' ~ source.name) -%}
        {%- elif parent.startswith('model.') -%}
            {%- set node = graph.nodes[parent] -%}
            {%- if node.config.materialized in ('by_month', 'compared') -%}
                {%- do found.append(node.name) -%}
            {%- else -%}
                {%- do found.extend(recorded_inputs(parent, seen)) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- Ranges of months widened by what they reach. -#}
{% macro reached_months(ranges, kinds) -%}
    {%- set state = namespace(sql=ranges) -%}
    {%- for kind in ([kinds] if kinds is string else kinds) -%}
        {%- if kind == 'everything' -%}
            {%- set state.sql -%}
                select cast(null as date) as first_month, cast(null as date) as last_month
                from ({{ state.sql }}) as ranges
            {%- endset -%}
        {%- elif kind == 'onward' -%}
            {%- set state.sql -%}
                select first_month, cast(null as date) as last_month
                from ({{ state.sql }}) as ranges
            {%- endset -%}
        {%- elif kind in ('next_quarter', 'next_half') -%}
            {%- set state.sql -%}
                select first_month, {{ add_months('last_month', {'next_quarter': 3, 'next_half': 6}[kind]) }} as last_month
                from ({{ state.sql }}) as ranges
            {%- endset -%}
        {%- elif kind == 'next_window' -%}
            {%- set state.sql -%}
                select * from ({{ state.sql }}) as ranges
                union
                select next_month as first_month, next_month as last_month
                from (
                    select min(windows.period_month) as next_month
                    from {{ relation_named('fct_quota_attainment') }} as windows
                    inner join ({{ state.sql }}) as ranges
                        on windows.period_month > ranges.last_month
                    group by windows.employee_id, ranges.last_month
                ) as next_windows
            {%- endset -%}
        {%- elif kind == 'windows' -%}
            {%- set last_month = month_of(add_days('windows.valid_to', -1)) -%}
            {%- set state.sql -%}
                select distinct {{ last_month }} as first_month, {{ last_month }} as last_month
                from {{ relation_named('stg_hr__quotas') }} as windows
                inner join ({{ state.sql }}) as ranges
                    on
                        {{ month_of('windows.valid_from') }}
                        <= coalesce(ranges.last_month, windows.valid_from)
                        and {{ last_month }} >= coalesce(ranges.first_month, {{ last_month }})
            {%- endset -%}
        {%- elif kind == 'grace' -%}
            {%- set state.sql -%}
                select
                    {{ month_of(add_days('ranges.first_month', '-settings.renewal_grace_days')) }} as first_month,
                    cast(null as date) as last_month
                from ({{ state.sql }}) as ranges
                cross join {{ relation_named('stg_policy__settings') }} as settings
            {%- endset -%}
        {%- elif kind == 'accumulation' -%}
            {%- set state.sql -%}
                select * from ({{ state.sql }}) as ranges
                union
                select sales.period_month as first_month, sales.period_month as last_month
                from {{ relation_named('int_monthly_sales') }} as sales
                inner join ({{ state.sql }}) as ranges
                    on
                        sales.accumulation_start <= coalesce(ranges.last_month, sales.accumulation_start)
                        and sales.period_month >= coalesce(ranges.first_month, sales.period_month)
            {%- endset -%}
        {%- elif kind == 'reversals' -%}
            {%- set facts = relation_named('fct_transactions') -%}
            {%- set state.sql -%}
                select * from ({{ state.sql }}) as ranges
                union
                select reversals.period_month as first_month, reversals.period_month as last_month
                from {{ facts }} as reversals
                left join {{ facts }} as origins
                    on reversals.reverses_transaction_id = origins.transaction_id
                -- What takes back something that is no longer there is always looked at.
                inner join ({{ state.sql }}) as ranges
                    on
                        origins.period_month is null
                        or {{ lies_in('origins.period_month') }}
                where reversals.reverses_transaction_id is not null
            {%- endset -%}
        {%- elif kind == 'lines' -%}
            {%- set state.sql -%}
                select * from ({{ state.sql }}) as ranges
                union
                select lines.period_month as first_month, lines.period_month as last_month
                from (
                    select distinct period_month, {{ month_of('transaction_date') }} as transaction_month
                    from {{ relation_named('fct_commission_lines') }}
                ) as lines
                inner join ({{ state.sql }}) as ranges
                    on {{ lies_in('lines.transaction_month') }}
            {%- endset -%}
        {%- elif kind == 'refunds' -%}
            {#-
                Of all payments few are refunded: these are found first, in one pass, and the rest is not held. Files
                and parts of them in which nothing lies between the first and the last day are not read.
            -#}
            {%- set ends = run_query(
                "select min(coalesce(first_month, cast('1000-01-01' as date))),
                max(coalesce(last_month, cast('9999-01-01' as date))) from (" ~ state.sql ~ ") as ranges"
            ).rows[0] -%}
            {%- set refunded = relation_named('base_billing__refunds') -%}
            {%- set refunded_month = month_of('refunds.refunded_on') -%}
            {%- set state.sql -%}
                select * from ({{ state.sql }}) as ranges
                union
                select refunded_month as first_month, refunded_month as last_month
                from (
                    with paid as (
                        select payment_id, contract_id
                        from {{ relation_named('base_billing__payments') }}
                        where (
                            contract_id in (select contract_id from {{ refunded }})
                            or payment_id in (select payment_id from {{ refunded }})
                        )
                        and paid_on >= {{ literal_day(ends[0]) }}
                        and paid_on < {{ add_months(literal_day(ends[1]), 1) }}
                        and {{ month_of('paid_on') }} in (
                            select months.period_month
                            from orchestration.landing_months as months
                            inner join ({{ state.sql }}) as ranges
                                on {{ lies_in('months.period_month') }}
                            where months.landing_table = 'billing.payments'
                        )
                    )

                    select {{ refunded_month }} as refunded_month
                    from {{ refunded }} as refunds
                    where
                        refunds.refunded_on is not null
                        and (
                            refunds.contract_id in (select paid.contract_id from paid)
                            or refunds.payment_id in (select paid.payment_id from paid)
                        )
                ) as refunded
            {%- endset -%}
        {%- elif kind == 'deals' -%}
            {%- set facts = relation_named('fct_transactions') -%}
            {%- set deals = relation_named('int_deal_keepers') -%}
            {%- set state.sql -%}
                select * from ({{ state.sql }}) as ranges
                union
                select period_month as first_month, period_month as last_month
                from {{ facts }}
                where
                    opportunity_id is not null
                    -- Of deals that rest; a sale of one that is not won, or no longer, is always looked at.
                    and opportunity_id not in (
                        select opportunity_id
                        from {{ deals }}
                        where period_month not in (
                            select deals.period_month
                            from {{ deals }} as deals
                            inner join ({{ state.sql }}) as ranges
                                on {{ lies_in('deals.period_month') }}
                        )
                    )
            {%- endset -%}
        {%- elif kind == 'nothing' -%}
            {%- set state.sql -%}
                select * from ({{ state.sql }}) as ranges
                where false
            {%- endset -%}
        {%- elif kind in ('quarter', 'half', 'year') -%}
            {%- set state.sql -%}
                select
                    ranges.first_month,
                    {{ add_months('periods.next_' ~ kind, -1) }} as last_month
                from ({{ state.sql }}) as ranges
                left join {{ relation_named('dim_periods') }} as periods
                    on ranges.last_month = periods.period_month
            {%- endset -%}
        {%- else -%}
            {{ exceptions.raise_compiler_error("reach '" ~ kind ~ "' of " ~ model.name ~ " is not one that reached_months knows") }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(state.sql) }}
{%- endmacro %}

{#- Whether a month lies in a row of `ranges`; null ends are open. -#}
{% macro lies_in(month) -%}
    {{ month }} >= coalesce(ranges.first_month, {{ month }})
    and {{ month }} <= coalesce(ranges.last_month, {{ month }})
{%- endmacro %}

{% macro relation_named(name) -%}
    {{ return(
        (graph.nodes.values() | selectattr('resource_type', 'equalto', 'model')
        | selectattr('name', 'equalto', name) | list)[0].relation_name
    ) }}
{%- endmacro %}

{#-
    Ranges of months as batches of whole months, each with at most `rows_per_batch` landed rows where
    a month has no more: what bounds the memory of a build. A model with a `batch_factor` takes so many times
    the rows. A batch has the ranges of months that are written, {start, end, ranges: [{start, end}]}: of a light
    model there is one batch, whatever months between them rest, because what such a model takes is reading, as
    long for one range as for all.
-#}
{% macro month_batches(ranges) -%}
    {%- set months = run_query(
        "with ranges as (" ~ ranges ~ "),
        months as (
            select period_month, max(row_count) as row_count
            from (
                select period_month, cast(sum(row_count) as bigint) as row_count
                from orchestration.landing_months
                where period_month is not null
                group by period_month
                union all
                select period_month, 0 as row_count
                from orchestration.model_months
                union all
                select first_month as period_month, 0 as row_count
                from ranges
                where first_month is not null
            ) as everything
            -- What lies outside is built by no model, and has no month before it or after.
            where period_month >= " ~ window_start() ~ " and period_month < " ~ window_end() ~ "
            group by period_month
        )
        select
            months.period_month,
            months.row_count,
            count(ranges.first_is_open) > 0 as is_pending,
            coalesce(bool_or(ranges.first_is_open), false) as first_is_open,
            coalesce(bool_or(ranges.last_is_open), false) as last_is_open
        from months
        left join (
            select *, first_month is null as first_is_open, last_month is null as last_is_open
            from ranges
        ) as ranges
            on (ranges.first_month is null or months.period_month >= ranges.first_month)
            and (ranges.last_month is null or months.period_month <= ranges.last_month)
        group by months.period_month, months.row_count
        order by months.period_month"
    ).rows -%}
    {%- set is_light = config.get('is_light', false) -%}
    {%- set rows_per_batch = (run_setting('rows_per_batch') | int) * config.get('batch_factor', 1) -%}
    {%- set state = namespace(batches=[], open=none, rows=0, was_pending=false) -%}
    {%- for row in months -%}
        {%- if row.is_pending -%}
            {%- if
                state.open is not none
                and not is_light
                and (
                    not state.was_pending
                    or state.rows + row.row_count > rows_per_batch
                )
            -%}
                {%- set state.open = none -%}
            {%- endif -%}
            {%- set range_start = none if loop.first and row.first_is_open else row.period_month | string -%}
            {%- if state.open is none -%}
                {%- set state.open = {'start': range_start, 'ranges': []} -%}
                {%- do state.batches.append(state.open) -%}
                {%- set state.rows = 0 -%}
            {%- endif -%}
            {%- if not state.open.ranges or not state.was_pending -%}
                {%- do state.open.ranges.append({'start': range_start}) -%}
            {%- endif -%}
            {%- set state.rows = state.rows + row.row_count -%}
            {%- set last_day = row.period_month + modules.datetime.timedelta(days=32) -%}
            {%- set range_end = none if loop.last and row.last_is_open else last_day.replace(day=1) | string -%}
            {%- do state.open.ranges[-1].update({'end': range_end}) -%}
            {%- do state.open.update({'end': range_end}) -%}
        {%- endif -%}
        {%- set state.was_pending = row.is_pending -%}
    {%- endfor -%}
    {%- if not months -%}
        {%- set all_months = {'start': none, 'end': none} -%}
        {%- do state.batches.append({'start': none, 'end': none, 'ranges': [all_months]}) -%}
    {%- endif -%}
    {{ return(state.batches) }}
{%- endmacro %}
