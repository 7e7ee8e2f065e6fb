{{ config(materialized='ephemeral') }}

{#- Contracts that were booked, and that were cancelled, as transactions (S0-02). -#}
with

final as (

    {% for kind, contracts, day in [
        ('booked', 'int_signed_contracts', 'signed_on'),
        ('cancelled', 'int_cancelled_contracts', 'cancelled_on'),
    ] -%}
    select
        '{{ kind }}:' || contract_id as transaction_id,
        '{{ kind }}' as transaction_kind,
        {% if kind == 'cancelled' -%}
        'booked:' || contract_id
        {%- else -%}
        cast(null as {{ dbt.type_string() }})
        {%- endif %} as reverses_transaction_id,
        account_id,
        contract_id,
        opportunity_id,
        product_id,
        contract_type,
        currency,
        amount,
        {{ day }} as transaction_date,
        signed_on as rated_on,
        signed_on as contract_signed_on
    from {{ ref(contracts) }}
    where {{ in_months(day) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final
