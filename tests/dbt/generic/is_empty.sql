{#- Fails where there is any row: for checks, whose every row is a finding. -#}
{% test is_empty(model) %}

select *
from {{ model }}

{% endtest %}
