{#- The first day of the fiscal period of a kind that a row of dim_periods lies in; null for another kind. -#}
{% macro period_start(kind, periods) -%}
    case {{ kind }}
            when 'month' then {{ periods }}.period_month
            when 'quarter' then {{ periods }}.quarter_start
            when 'half' then {{ periods }}.half_start
            when 'year' then {{ periods }}.year_start
        end
{%- endmacro %}
