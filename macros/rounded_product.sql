{#-
    An amount (4 places) times a factor, rounded half away from zero to `places`. Factors of up to `digits`
    digits, `scale` of them behind the point, are what is common; others are right too, and slower.
-#}
{% macro rounded_product(amount, factor, places=4, digits=6, scale=6) -%}
    {{ adapter.dispatch('rounded_product')(amount, factor, places, digits, scale) }}
{%- endmacro %}

{% macro default__rounded_product(amount, factor, places, digits, scale) -%}
    round({{ wide(amount) }} * {{ factor }}, {{ places }})
{%- endmacro %}

{#-
    To round a decimal of more than 18 digits takes DuckDB thirty times as long: it divides 128 bits. Where both
    are what they are in so few digits that their product has 18, it is worked out in these.
-#}
{% macro duckdb__rounded_product(amount, factor, places, digits, scale) -%}
    {%- set short_amount = 'try_cast(' ~ amount ~ ' as decimal(' ~ (18 - digits) ~ ', 4))' -%}
    {%- set short_factor = 'try_cast(' ~ factor ~ ' as decimal(' ~ digits ~ ', ' ~ scale ~ '))' -%}
    case
        when {{ short_amount }} = {{ amount }} and {{ short_factor }} = {{ factor }}
            then round({{ short_amount }} * {{ short_factor }}, {{ places }})
        else {{ default__rounded_product(amount, factor, places, digits, scale) }}
    end
{%- endmacro %}
