{#-
    floor(amount x part / whole) and the remainder it leaves, for amounts of 4 places, in units of
    their last place: what dealing out by largest remainder needs (RULES 0).
-#}
{% macro whole_share(amount, part, whole) -%}
    {{ floor_quotient(
        scaled_integer(amount, 4) ~ ' * ' ~ scaled_integer(part, 4), scaled_integer(whole, 4)
    ) }}
{%- endmacro %}

{% macro whole_remainder(amount, part, whole) -%}
    ({{ scaled_integer(amount, 4) }} * {{ scaled_integer(part, 4) }}
    % {{ scaled_integer(whole, 4) }})
{%- endmacro %}
