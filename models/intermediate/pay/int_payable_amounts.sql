{{ config(
    materialized='by_month',
    is_light=true,
) }}

{#- Pay is rounded once, here, half away from zero, to the currency's minor unit (RULES 0). -#}
-- What has no unit is not payable, and stops every close (chk_pay_in_unknown_currency).
select
    components.employee_id,
    components.component,
    components.currency,
    cast(
        {{ rounded_product('components.amount', 'currencies.units_per_major', places=0, scale=0) }}
        * currencies.unit_amount
        as decimal(18, 4)
    ) as amount,
    components.period_month
from {{ ref('fct_pay_components') }} as components
inner join {{ ref('policy_currencies') }} as currencies
    on components.currency = currencies.currency
