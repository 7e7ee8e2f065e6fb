{#-
    The rounded part of an amount in whole units that is written down in equal months, such that no month before
    the last takes more than there is: of a few units rounded months would come to more than the whole.
-#}
{% macro equal_part(units, months) -%}
        case when {{ units }} < 0 then -1 else 1 end
        * least(
            {{ floor_quotient('(abs(' ~ units ~ ') * 2 + ' ~ months ~ ')', '(2 * ' ~ months ~ ')') }},
            {{ floor_quotient('abs(' ~ units ~ ')', 'greatest(' ~ months ~ ' - 1, 1)') }}
        )
{%- endmacro %}
