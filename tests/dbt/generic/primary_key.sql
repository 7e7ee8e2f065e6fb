{#-
    Fails where a part of the key is null, or several rows share the key. One query for both. Columns
    in `may_be_empty` belong to the key and may be null.
-#}
{% test primary_key(model, columns, may_be_empty=[]) %}

select
    {{ (columns + may_be_empty) | join(', ') }},
    count(*) as row_count
from {{ model }}
group by {{ (columns + may_be_empty) | join(', ') }}
having
    count(*) > 1
    {%- for column in columns %}
    or {{ column }} is null
    {%- endfor %}

{% endtest %}
