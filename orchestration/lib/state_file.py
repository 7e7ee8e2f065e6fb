"""Files in which a run remembers something for the next: whole or not there, never half."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def read_state(path: Path) -> dict[str, Any]:
    """What was written; nothing where there is no file, or none that is whole."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_state(path: Path, content: dict[str, Any]) -> None:
    """Write it as JSON, whole or not at all (``write_whole``)."""
    write_whole(path, json.dumps(content, ensure_ascii=False).encode())


def write_whole(path: Path, content: bytes) -> None:
    """Write it aside, put it on disk, and give it its name; only its owner may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
