{#-
    Seconds of business hours from the first of the calendar to an instant: the working days before
    its day, and what of its day is over. `days` is int_days, joined for the instant's local day.
-#}
{% macro business_seconds(days, second, settings) -%}
    (
            {{ days }}.working_days_through
            * ({{ settings }}.business_closes_seconds - {{ settings }}.business_opens_seconds)
            - case when {{ days }}.is_working_day then 1 else 0 end
            * ({{ settings }}.business_closes_seconds - least(
                greatest({{ second }}, {{ settings }}.business_opens_seconds),
                {{ settings }}.business_closes_seconds
            ))
        )
{%- endmacro %}
