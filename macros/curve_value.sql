{#-
    The payout factor of a relation's `attainment` on the curve segment beside it (S0-06):
    c0 + c1 r + c2 r squared, at most the cap, kept to 10 places. Each product fits 38 digits.
-#}
{% macro curve_value(relation) -%}
    {%- set r = 'cast(' ~ relation ~ '.attainment as decimal(20, 10))' -%}
    least(
        cast({{ relation }}.cap as decimal(14, 10)),
        cast(
            round(
                cast({{ relation }}.c0 as decimal(30, 14))
                + cast({{ r }} * cast({{ relation }}.c1 as decimal(9, 4)) as decimal(30, 14))
                + cast({{ r }} * {{ r }} * cast({{ relation }}.c2 as decimal(9, 4)) as decimal(34, 24)),
                10
            ) as decimal(24, 10)
        )
    )
{%- endmacro %}
