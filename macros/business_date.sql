{#- The local day of a UTC instant in a time zone (RULES 0). -#}
{% macro business_date(at, time_zone) -%}
    {{ adapter.dispatch('business_date')(at, time_zone) }}
{%- endmacro %}

{#- Through microseconds: asking the time zone library twice would take half as long again. -#}
{% macro duckdb__business_date(at, time_zone) -%}
    cast(timezone({{ time_zone }}, make_timestamptz(epoch_us({{ at }}))) as date)
{%- endmacro %}

{% macro spark__business_date(at, time_zone) -%}
    to_date(from_utc_timestamp({{ at }}, {{ time_zone }}))
{%- endmacro %}
