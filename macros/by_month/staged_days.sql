{#- Landing tables that are staged month by month (ranked_versions), and the staged column that says by which day. -#}
{% macro staged_days() -%}
    {{ return({
        'crm.activities': 'occurred_date',
        'crm.opportunities': 'created_date',
        'crm.service_requests': 'requested_date',
        'billing.contracts': 'signed_on',
        'billing.payments': 'paid_on',
        'billing.refunds': 'refunded_on',
        'billing.consumption': 'consumed_on',
    }) }}
{%- endmacro %}
