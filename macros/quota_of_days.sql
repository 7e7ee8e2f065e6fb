{#-
    What of a quota falls on the days that its window shares with a period, to 4 places; with `share`,
    that share of it.
-#}
{% macro quota_of_days(quotas, period_start, period_end, share='1') -%}
    {{ exact_quotient(
        wide(quotas ~ '.quota_amount') ~ ('' if share == '1' else ' * ' ~ share) ~ ' * ' ~ days_between(
            'greatest(' ~ quotas ~ '.valid_from, ' ~ period_start ~ ')',
            'least(' ~ quotas ~ '.valid_to, ' ~ period_end ~ ')'
        ),
        days_between(quotas ~ '.valid_from', quotas ~ '.valid_to'),
        4
    ) }}
{%- endmacro %}
