{#-
    How much each check found, and what the plan allows before a close stops: the one model that reads checks.
    A test holds the list against the folder models/checks.
-#}
{%- set checks = {
    'behaviour': [
        'activity_stuffing', 'cherry_picking', 'discounting', 'hidden_pipeline',
        'negative_sales_cycles', 'quarter_end_pull_in',
    ],
    'coverage': [
        'accounts_outside_policy', 'designated_accounts_in_region_teams', 'landing_tables_absent',
        'orphan_accounts', 'overlapping_account_managers', 'owner_loads', 'payees_without_plan',
        'splits_not_whole', 'transactions_without_owner',
    ],
    'money': [
        'adjustments_by_one_person', 'open_disputes', 'pay_in_unknown_currency', 'pay_without_rate',
        'sales_without_quota', 'transactions_without_rate', 'unsound_disputes',
    ],
    'plans': [
        'plans_without_customer_measure', 'plans_without_team_element', 'scores_on_one_measure',
        'targets_unchanged',
    ],
    'records': [
        'consumption_outside_contract', 'duplicate_contracts', 'landing_tables_behind',
        'landing_volumes', 'quarantined_rows', 'requests_before_account',
        'requests_resolved_unanswered',
    ],
    'scoring': [
        'score_items_without_target',
    ],
} -%}

with

found as (

    {% for area, names in checks.items() -%}
    {% set is_last_area = loop.last -%}
    {% for name in names -%}
    select
        'chk_{{ name }}' as check_name,
        '{{ area }}' as area,
        count(*) as finding_count
    from {{ ref('chk_' ~ name) }}
    {% if not (is_last_area and loop.last) -%}
    union all
    {% endif -%}
    {%- endfor %}
    {%- endfor %}
),

final as (

    select
        found.check_name,
        found.area,
        cast(found.finding_count as integer) as finding_count,
        gates.threshold as allowed_count,
        coalesce(found.finding_count > gates.threshold, false) as stops_close
    from found
    left join {{ ref('policy_close_gates') }} as gates
        on
            found.check_name = gates.subject
            and gates.gate_kind = 'findings'

)

select * from final
