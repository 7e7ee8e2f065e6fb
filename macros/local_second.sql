{#- The second of the local day at which a UTC instant falls, in a time zone (RULES 0). -#}
{% macro local_second(at, time_zone) -%}
    {{ adapter.dispatch('local_second')(at, time_zone) }}
{%- endmacro %}

{% macro duckdb__local_second(at, time_zone) -%}
    cast(epoch(timezone({{ time_zone }}, make_timestamptz(epoch_us({{ at }})))) as bigint) % 86400
{%- endmacro %}

{% macro spark__local_second(at, time_zone) -%}
    unix_timestamp(from_utc_timestamp({{ at }}, {{ time_zone }})) % 86400
{%- endmacro %}
