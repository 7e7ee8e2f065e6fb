select
    landing_table,
    path as file_path,
    column_name,
    value,
    rule,
    row_key,
    currency,
    row_in_file,
    amount,
    {% if run_setting('known_at') is none -%}
    mended_at is not null as is_mended,
    {%- else -%}
    coalesce(mended_at <= cast('{{ run_setting('known_at') }}' as timestamp), false) as is_mended,
    {%- endif %}
    loaded_at,
    first_seen_at
from {{ source('landing_log', 'quarantined_rows') }}
-- One of which nobody can say when it was loaded is known always.
{% if run_setting('known_at') is not none -%}
where coalesce(loaded_at <= cast('{{ run_setting('known_at') }}' as timestamp), true)
{%- endif %}
