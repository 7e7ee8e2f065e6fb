{#-
    A relation's `amount` (or other `column`) in the company's currency, to 4 places, at the rate beside it; null where
    none is quoted. `rates` is int_exchange_rates, joined for the relation's currency and day.
-#}
{% macro in_company_currency(relation, rates, settings, column='amount') -%}
    case
        when {{ relation }}.currency = {{ settings }}.company_currency then {{ relation }}.{{ column }}
        else cast(
            round({{ wide(relation ~ '.' ~ column) }} * cast({{ rates }}.rate as decimal(14, 8)), 4)
            as decimal(18, 4)
        )
    end
{%- endmacro %}
