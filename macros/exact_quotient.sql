{#-
    numerator / denominator as a decimal with `decimals` places, rounded half away from zero; null
    where the denominator is 0. Operands carry at most 8 places. Whole-number arithmetic throughout:
    a quotient of decimals is a double on some engines (RULES 0), and so is a sign.
-#}
{% macro exact_quotient(numerator, denominator, decimals) -%}
    {{ quotient_of_whole(
        scaled_integer(numerator, 8), scaled_integer(denominator, 8), decimals, whole_number(2 * 10 ** decimals), 27
    ) }}
{%- endmacro %}

{#-
    The same of two whole numbers: `twice` is two of the result's units, as a number as wide as the product of it
    and `top` needs, and `digits` are those of the result without its point.
-#}
{% macro quotient_of_whole(top, bottom, decimals, twice, digits) -%}
    {%- set doubled = 'abs(' ~ top ~ ') * ' ~ twice ~ ' + abs(' ~ bottom ~ ')' -%}
    (cast(
        case when {{ top }} < 0 and {{ bottom }} > 0 or {{ top }} > 0 and {{ bottom }} < 0 then -1 else 1 end
        * {{ floor_quotient('(' ~ doubled ~ ')', '(2 * nullif(abs(' ~ bottom ~ '), 0))') }}
        as decimal({{ digits }}, 0)
    ) * cast({{ '0.' ~ '0' * (decimals - 1) ~ '1' }} as decimal({{ decimals + 1 }}, {{ decimals }})))
{%- endmacro %}

{#- exact_quotient where there are millions; it names its operands, mere columns, a dozen times. -#}
{% macro exact_quotient_of_columns(numerator, denominator, decimals) -%}
    {{ adapter.dispatch('exact_quotient_of_columns')(numerator, denominator, decimals) }}
{%- endmacro %}

{% macro default__exact_quotient_of_columns(numerator, denominator, decimals) -%}
    {{ exact_quotient(numerator, denominator, decimals) }}
{%- endmacro %}

{#-
    Divided in 128 bits, a quotient takes DuckDB a hundred times as long as in 64, which hold what most are made
    of: both as whole numbers of their fourth place, with room for the places of the result.
-#}
{% macro duckdb__exact_quotient_of_columns(numerator, denominator, decimals) -%}
    {%- set digits = 18 - decimals -%}
    {%- set short_top = 'try_cast(' ~ numerator ~ ' as decimal(' ~ digits ~ ', 4))' -%}
    {%- set short_bottom = 'try_cast(' ~ denominator ~ ' as decimal(' ~ digits ~ ', 4))' -%}
    {%- set top, bottom = short_units(numerator, digits), short_units(denominator, digits) -%}
    case
        when {{ short_top }} = {{ numerator }} and {{ short_bottom }} = {{ denominator }}
            then {{ quotient_of_whole(top, bottom, decimals, 2 * 10 ** decimals, 18) }}
        else {{ exact_quotient(numerator, denominator, decimals) }}
    end
{%- endmacro %}

{#- An amount of so many digits as a number of 64 bits, in units of its fourth place; null where it has more. -#}
{% macro short_units(amount, digits) -%}
    cast(cast(try_cast({{ amount }} as decimal({{ digits }}, 4)) as decimal(18, 4)) * 10000 as bigint)
{%- endmacro %}

{#-
    amount x part / whole, for amounts of 4 places, rounded half away from zero to 4: a share in proportion. Null where
    the whole is 0.
-#}
{% macro exact_share(amount, part, whole) -%}
    {{ adapter.dispatch('exact_share')(amount, part, whole) }}
{%- endmacro %}

{% macro default__exact_share(amount, part, whole) -%}
    {{ exact_quotient(wide(amount) ~ ' * ' ~ part, whole, 4) }}
{%- endmacro %}

{#-
    In whole numbers of the fourth place, whose product mostly is one of 64 bits, and so is twice that and the whole:
    the size of the product says whether it is.
-#}
{% macro duckdb__exact_share(amount, part, whole) -%}
    {%- set product = '(' ~ short_units(amount, 14) ~ ' * ' ~ short_units(part, 14) ~ ')' -%}
    case
        when
            abs(cast({{ amount }} as double) * cast({{ part }} as double)) < 4e10
            and try_cast({{ amount }} as decimal(14, 4)) = {{ amount }}
            and try_cast({{ part }} as decimal(14, 4)) = {{ part }}
            and try_cast({{ whole }} as decimal(14, 4)) = {{ whole }}
            then {{ quotient_of_whole(product, short_units(whole, 14), 4, 2, 18) }}
        else {{ default__exact_share(amount, part, whole) }}
    end
{%- endmacro %}
