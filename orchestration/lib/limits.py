"""What a DuckDB of ours may hold in memory, and where it writes aside what it may not hold."""

from __future__ import annotations

import functools
import os
import tempfile
import uuid
from pathlib import Path


def memory_limit() -> str:
    """What DuckDB may hold in memory (``PLUMBLINE_MEMORY``), as profiles.yml has it."""
    return os.environ.get("PLUMBLINE_MEMORY", "400MB")


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
