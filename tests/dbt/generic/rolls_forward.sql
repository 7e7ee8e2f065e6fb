{#-
    Fails where a month does not begin with what the month before ended with, by the columns of `by`. Only
    neighbours that are both looked at are held against each other.
-#}
{% test rolls_forward(model, by, opening, closing, month='period_month') %}

with

rows_looked_at as (

    select *
    from {{ model }}

),

months as (

    select {{ month }} as month
    from rows_looked_at
    group by {{ month }}

),

ends as (

    select
        {{ by | join(', ') }},
        {{ closing }} as amount,
        {{ add_months(month, 1) }} as month
    from rows_looked_at
    where {{ add_months(month, 1) }} in (select months.month from months)

),

begins as (

    select
        {{ by | join(', ') }},
        {{ opening }} as amount,
        {{ month }} as month
    from rows_looked_at
    where {{ add_months(month, -1) }} in (select months.month from months)

)

select
    {% for name in by -%}
    coalesce(ends.{{ name }}, begins.{{ name }}) as {{ name }},
    {% endfor -%}
    ends.amount as ended_with,
    begins.amount as began_with,
    coalesce(ends.month, begins.month) as month
from ends
full outer join begins
    on
        {% for name in by -%}
        ends.{{ name }} = begins.{{ name }}
        and {% endfor %}ends.month = begins.month
where coalesce(ends.amount, 0) <> coalesce(begins.amount, 0)

{% endtest %}
