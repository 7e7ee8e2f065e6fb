{#- Fails where two rows [valid_from, valid_to) of one entity hold on the same day (RULES 0). -#}
{% test intervals_never_overlap(model, entity) %}

with

ordered as (

    select
        {{ entity }},
        valid_from,
        valid_to,
        lead(valid_from) over (partition by {{ entity }} order by valid_from) as next_valid_from
    from {{ model }}

)

select *
from ordered
where next_valid_from is not null and (valid_to is null or valid_to > next_valid_from)

{% endtest %}
