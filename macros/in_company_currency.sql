{#-
    A relation's `amount` (or other `column`) in the company's currency, to 4 places, at the rate beside it; null where
    none is quoted. `rates` is int_exchange_rates, joined for the relation's currency and day.
-#}
{% macro in_company_currency(relation, rates, settings, column='amount') -%}
    case
        when {{ relation }}.currency = {{ settings }}.company_currency then {{ relation }}.{{ column }}
        else {{ converted(relation ~ '.' ~ column, rates ~ '.rate') }}
    end
{%- endmacro %}
