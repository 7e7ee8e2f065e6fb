"""Files in which something is kept to be spared making it anew: what is not whole is not there."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from orchestration.lib.state_file import write_whole

DIGEST = hashlib.sha256().digest_size


def read_kept(path: Path) -> bytes | None:
    """What was kept; None where there is no such file, or one that is not as it was written."""
    with contextlib.suppress(OSError):
        content = path.read_bytes()
        if hashlib.sha256(content[DIGEST:]).digest() == content[:DIGEST]:
            return content[DIGEST:]
    return None


def keep(path: Path, content: bytes) -> None:
    """Write it with its digest; nothing where it cannot be written: it is made anew then."""
    with contextlib.suppress(OSError):  # a full disk, or a project that may only be read
        write_whole(path, hashlib.sha256(content).digest() + content)
