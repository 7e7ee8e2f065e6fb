{#-
    Costs of contracts that are kept as an asset (`costs`: rows of fct_contract_costs), in whole units of their
    currency, so that equal months and their rest are the whole: `cost_units`, and of these `month_units` a month.
-#}
{% macro contract_cost_units(costs) -%}
    select
        *,
        {{ equal_part('cost_units', 'amortised_months') }} as month_units
    from (
        select
            costs.*,
            currencies.unit_amount,
            {{ whole_number(rounded_product('costs.cost_amount', 'currencies.units_per_major', places=0, scale=0)) }}
                as cost_units
        from {{ costs }} as costs
        inner join {{ ref('policy_currencies') }} as currencies
            on costs.currency = currencies.currency
        where costs.is_capitalised
    ) as whole
{%- endmacro %}
