{#- A tier's bound as an amount: as the plan says it, or its share of the quota to 4 places (S0-07). -#}
{% macro tier_bound(tier, sale) -%}
    case
        when {{ sale }}.bound_kind = 'amount' then {{ tier }}
        else {{ rounded_product(sale ~ '.quota_amount', tier, scale=4) }}
    end
{%- endmacro %}
