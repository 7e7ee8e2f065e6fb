{#- The first day after the fiscal period of a kind that a row of dim_periods lies in; null for another kind. -#}
{% macro period_end(kind, periods) -%}
    case {{ kind }}
            when 'month' then {{ periods }}.next_month
            when 'quarter' then {{ periods }}.next_quarter
            when 'half' then {{ periods }}.next_half
            when 'year' then {{ periods }}.next_year
        end
{%- endmacro %}
