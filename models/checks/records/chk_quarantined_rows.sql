select
    landing_table,
    file_path,
    column_name,
    value,
    rule,
    row_key,
    currency,
    row_in_file,
    amount,
    loaded_at
from {{ ref('fct_quarantined_rows') }}
where not is_mended
