{#-
    Whether a row of dim_periods is the month that this run closes (`close_month`): a month that is
    over, and later than every month closed before (`closed.last_month`). Ledger and closes agree.
-#}
{% macro is_month_to_close(periods, closed) -%}
    {%- if run_setting('close_month') is none -%}
        false
    {%- else -%}
        (
            {{ periods }}.period_month = cast('{{ run_setting('close_month') }}' as date)
            and {{ periods }}.is_whole
            and ({{ closed }}.last_month is null or {{ periods }}.period_month > {{ closed }}.last_month)
        )
    {%- endif -%}
{%- endmacro %}
