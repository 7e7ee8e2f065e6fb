{{ config(materialized='by_month') }}

with

measured as (

    {% set domains = ['activities', 'customers', 'sales', 'wins', 'service', 'costs'] -%}
    {%- for domain in domains %}
    select
        employee_id,
        measure,
        numerator,
        denominator,
        period_month
    from {{ ref('int_measures__' ~ domain) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

final as (

    select
        employee_id,
        measure,
        numerator,
        denominator,
        cast(
            case
                when denominator is null then numerator
                else {{ exact_quotient('numerator', 'denominator', 4) }}
            end as decimal(18, 4)
        ) as value,
        period_month
    from measured
    where
        employee_id is not null
        and {{ in_months('period_month') }}

)

select * from final
