"""What was run, when, by whom, and how it ended: a line of JSON at the begin and at the end of each run.

``runs.jsonl`` beside the warehouse. A run without a second line was killed, or is still at work.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.lib.settings import Settings

RUNS = "runs.jsonl"
# The end of the file holds the last runs.
BYTES_OF_THE_LAST = 1 << 16


@contextlib.contextmanager
def recorded(settings: Settings, what: str, **facts: Any) -> Iterator[str]:
    """Write down that something is done, and how it ended; gives the id of the run."""
    run_id = uuid.uuid4().hex[:12]
    path = settings.warehouse.parent / RUNS
    path.parent.mkdir(parents=True, exist_ok=True)
    _say(path, run_id, what, "begun", {"process": os.getpid(), **facts})
    try:
        yield run_id
    except BaseException as error:
        _say(path, run_id, what, "failed", {"error": f"{type(error).__name__}: {error}"})
        raise
    _say(path, run_id, what, "done", {})


def last_runs(settings: Settings) -> list[dict[str, Any]]:
    """The last lines, oldest first; a torn one is left out."""
    path = settings.warehouse.parent / RUNS
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - BYTES_OF_THE_LAST))
        lines = file.read().decode("utf-8", errors="replace").splitlines()
    found = []
    for line in lines:
        with contextlib.suppress(ValueError):
            entry = json.loads(line)
            if isinstance(entry, dict):
                found.append(entry)
    return found


def _say(path: Path, run_id: str, what: str, state: str, facts: dict[str, Any]) -> None:
    line = {
        "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "run": run_id,
        "what": what,
        "state": state,
    }
    text = json.dumps({**line, **facts}, default=str, ensure_ascii=False)
    # One write of a line: those of two processes do not mix. A line cut short ends before the next.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
        file.write(f"{text}\n".encode())
