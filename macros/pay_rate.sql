{#-
    The rate that turns an amount in one relation's currency into pay in the other's, 1 where they are the
    same, and what it comes to; null where no rate is quoted. `rates` is int_pay_rates, joined for both.
-#}
{% macro pay_rate(relation, payees, rates) -%}
    cast(
        case when {{ relation }}.currency = {{ payees }}.currency then 1 else {{ rates }}.rate end as decimal(18, 8)
    )
{%- endmacro %}

{% macro pay_amount(amount, relation, payees, rates) -%}
    case
        when {{ relation }}.currency = {{ payees }}.currency then cast({{ amount }} as decimal(18, 4))
        else {{ converted(amount, rates ~ '.rate') }}
    end
{%- endmacro %}
