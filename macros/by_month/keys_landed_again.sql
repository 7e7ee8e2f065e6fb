{#-
    Keys of the months that are built which have been landed more than once: again in those months,
    or in any other, for a version outside of them can replace one inside. `inside` is the condition
    for those months, in_months or in_months_utc.
-#}
{% macro keys_landed_again(relation, key, inside) -%}
    select {{ key }}
    from {{ relation }}
    where {{ inside }}
    group by {{ key }}
    having count(*) > 1
    union
    select {{ key }}
    from {{ relation }}
    where
        not coalesce({{ inside }}, false)
        and {{ key }} in (select {{ key }} from {{ relation }} where {{ inside }})
{%- endmacro %}
