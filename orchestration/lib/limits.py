"""What a DuckDB of ours may hold in memory, and where it writes aside what it may not hold."""

from __future__ import annotations

import functools
import os
import tempfile
import uuid
from pathlib import Path

import duckdb

# Where more is landed than so many times the memory that there is, two models at a time may not find room.
LANDED_FOR_TWO_MODELS = 2


def memory_limit() -> str:
    """What DuckDB may hold in memory (``PLUMBLINE_MEMORY``), as profiles.yml has it."""
    return os.environ.get("PLUMBLINE_MEMORY", "400MB")


def models_at_a_time(landed: int) -> int:
    """How many models dbt builds at a time where so many bytes are landed; each uses all cores.

    Two small ones do: dbt's own work on the one goes on while DuckDB works on the other. Two large ones
    would share the memory, and end for want of it.
    """
    with duckdb.connect() as connection:
        memory = connection.execute("select parse_formatted_bytes(?)", [memory_limit()]).fetchone()
    assert memory is not None
    return 2 if landed <= LANDED_FOR_TWO_MODELS * int(memory[0]) else 1


# DuckDB gives back what it has freed once so much of it lies there. It does not count this, and by itself
# waits for 128 and 512 MB.
GIVEN_BACK = {
    "allocator_flush_threshold": "8MB",
    "allocator_bulk_deallocation_flush_threshold": "8MB",
}


def spill_folder(whose: str) -> str:
    """A folder of this process and of ``whose`` alone, which DuckDB makes and removes.

    Two DuckDBs that write aside into one folder overwrite each other's files, which have the same names.
    """
    name = f"plumbline-{_process(os.getpid())}-{uuid.uuid5(uuid.NAMESPACE_URL, whose).hex[:12]}"
    return str(Path(tempfile.gettempdir()) / name)


@functools.cache
def _process(number: int) -> str:
    """A process's number comes again; this does not."""
    return f"{number}-{uuid.uuid4().hex[:8]}"
