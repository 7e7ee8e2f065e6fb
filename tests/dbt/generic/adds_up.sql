{#-
    Fails where an amount, summed by the columns of `by`, is not the sum of the parts it comes from, to the
    last place. `by` names the columns, each with that of the parts; `month` is among them, and only months
    that the model has are looked at. With `is_part_of` parts that the model does not have may be left over.
-#}
{% test adds_up(model, by, amount, parts, part_amount, month='period_month', is_part_of=false) %}

with

whole as (

    select
        {{ by.keys() | join(', ') }},
        sum({{ amount }}) as amount
    from {{ model }}
    group by {{ by.keys() | join(', ') }}

),

parts as (

    select
        {% for name, part_name in by.items() -%}
        {{ part_name }} as {{ name }},
        {% endfor -%}
        sum({{ part_amount }}) as amount
    from {{ parts }}
    where {{ by[month] }} in (select {{ month }} from {{ model }})
    group by {{ by.values() | join(', ') }}

)

select
    {% for name in by -%}
    coalesce(whole.{{ name }}, parts.{{ name }}) as {{ name }},
    {% endfor -%}
    whole.amount,
    parts.amount as parts_amount
from whole
{{ 'left' if is_part_of else 'full outer' }} join parts
    on
        {% for name in by -%}
        {{ 'and ' if not loop.first }}whole.{{ name }} = parts.{{ name }}
        {% endfor -%}
where coalesce(whole.amount, 0) <> coalesce(parts.amount, 0)

{% endtest %}
