select
    cast(opportunity_id as {{ dbt.type_string() }}) as opportunity_id,
    cast(pipeline_stage as {{ dbt.type_string() }}) as pipeline_stage,
    {{ instant('entered_at') }} as entered_at,
    {{ instant('_loaded_at') }} as loaded_at,
    coalesce(cast(_deleted as boolean), false) as is_deleted
from {{ source('crm', 'opportunity_stage_history') }}
where {{ is_known() }}
