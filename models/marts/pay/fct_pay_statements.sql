{%- set components = [
    'base', 'performance', 'commission', 'guarantee', 'draw', 'recovery', 'holdback', 'release',
    'bonus', 'adjustment',
] -%}

with

final as (

    select
        employee_id,
        currency,
        {% for component in components -%}
        cast(
            sum(
                case when component = '{{ component }}' and not is_correction then amount else 0 end
            ) as decimal(18, 4)
        ) as {{ component }}_amount,
        {% endfor -%}
        cast(sum(case when is_correction then amount else 0 end) as decimal(18, 4))
            as correction_amount,
        cast(sum(amount) as decimal(18, 4)) as total_amount,
        posting_month
    from {{ ref('fct_pay_ledger') }}
    group by employee_id, currency, posting_month

)

select * from final
