{#-
    Fails where an amount, summed by the columns of `by`, is not the sum of the parts it comes from, to the
    last place. `by` names the columns, each with that of the parts; `month` is among them, and only months
    that the model has are looked at. With `is_part_of` parts that the model does not have may be left over.
    Summed by hashes of `by` first, as in primary_key. Parts of nothing are left out: there can be a hundred
    times as many as others.
-#}
{% test adds_up(model, by, amount, parts, part_amount, month='period_month', is_part_of=false) %}

{%- set names = by.keys() | list -%}
{%- set uneven -%}
    coalesce(sum(difference), 0) <> 0{{ ' and max(is_whole) = 1' if is_part_of }}
{%- endset -%}
{#- Not a name of its own: DuckDB would write a copy of what is named twice. -#}
{%- set added %}
    select
        {% for name in names -%}
        {{ name }},
        {% endfor -%}
        {{ amount }} as difference,
        1 as is_whole
    from {{ model }}
    union all
    select
        {% for name, part_name in by.items() -%}
        {{ part_name }} as {{ name }},
        {% endfor -%}
        -({{ part_amount }}) as difference,
        0 as is_whole
    from {{ parts }}
    where
        {{ by[month] }} in (select distinct {{ month }} from {{ model }})
        and ({{ part_amount }}) <> 0
{% endset %}

select
    {{ names | join(', ') }},
    sum(case when is_whole = 1 then difference end) as whole,
    -sum(case when is_whole = 0 then difference end) as parts
from ({{ added }}) as added
where {{ row_hash(names) }} in (
    select hashes.hashed
    from (
        select
            {{ row_hash(names) }} as hashed,
            difference,
            is_whole
        from ({{ added }}) as added
    ) as hashes
    group by hashes.hashed
    having {{ uneven }}
)
group by {{ names | join(', ') }}
having {{ uneven }}

{% endtest %}
