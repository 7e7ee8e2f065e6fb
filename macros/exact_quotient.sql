{#-
    numerator / denominator as a decimal with `decimals` places, rounded half away from zero; null
    where the denominator is 0. Operands carry at most 8 places. Whole-number arithmetic throughout:
    a quotient of decimals is a double on some engines (RULES 0), and so is a sign.
-#}
{% macro exact_quotient(numerator, denominator, decimals) -%}
    {%- set top = scaled_integer(numerator, 8) -%}
    {%- set bottom = scaled_integer(denominator, 8) -%}
    {%- set doubled = 'abs(' ~ top ~ ') * ' ~ whole_number(2 * 10 ** decimals) ~ ' + abs(' ~ bottom ~ ')' -%}
    (cast(
        case when {{ top }} < 0 and {{ bottom }} > 0 or {{ top }} > 0 and {{ bottom }} < 0 then -1 else 1 end
        * {{ floor_quotient('(' ~ doubled ~ ')', '(2 * nullif(abs(' ~ bottom ~ '), 0))') }}
        as decimal(27, 0)
    ) * cast({{ '0.' ~ '0' * (decimals - 1) ~ '1' }} as decimal({{ decimals + 1 }}, {{ decimals }})))
{%- endmacro %}
