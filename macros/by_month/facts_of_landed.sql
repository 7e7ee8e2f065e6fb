{#-
    Landing tables of which each row that the models work with is a row of a fact, month by month, with the fact
    and, where it holds more than one of them, the kind of transaction.
-#}
{% macro facts_of_landed() -%}
    {{ return({
        'crm.activities': ['fct_activities', none],
        'crm.opportunities': ['fct_opportunities', none],
        'crm.service_requests': ['fct_service_requests', none],
        'billing.contracts': ['fct_transactions', 'booked'],
        'billing.payments': ['fct_transactions', 'collected'],
        'billing.refunds': ['fct_transactions', 'refunded'],
        'billing.consumption': ['fct_transactions', 'consumed'],
    }) }}
{%- endmacro %}
