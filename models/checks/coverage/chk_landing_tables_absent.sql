select landing_table
from {{ ref('int_landing_tables') }}
where row_count = 0
