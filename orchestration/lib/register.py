"""The register of landed files: what each was when it was first seen, by SHA-256.

A landed file is never changed. One that is not what it was, that is gone, or that did not arrive whole is
named before anything is built from it, and stays refused until it is landed as it was or the change is
accepted by somebody, who is written down beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.lib.landing import CHECKSUM, find_files, stamp
from orchestration.lib.problem import Problem
from orchestration.lib.state_file import read_state, write_state

# Beside the warehouse.
REGISTER = "landed.json"
RULE = "a landed file is never changed"
CHUNK = 1 << 20
# Hashing waits for the disk; DuckDB is not at work then.
FILES_AT_A_TIME = 4
SHOWN_OF_A_DIGEST = 12
ADVICE = ": land it again as it was, or `plumbline accept` it"


def sha256(path: Path) -> str:
    """A file's SHA-256, as hexadecimal text."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


@dataclass(frozen=True)
class Entry:
    """A landed file as it was first seen, or last accepted; ``modified_ns`` tells that it was touched."""

    bytes: int
    modified_ns: int
    sha256: str
    first_seen_at: str


@dataclass(frozen=True)
class Acceptance:
    """Somebody's word that a landed file may be other than it was; ``now`` is null where it is gone."""

    file: str
    was: str
    now: str | None
    by: str
    at: str


class Register:
    """The register of one landing folder, kept in a file beside the warehouse."""

    def __init__(self, landing: Path, file: Path) -> None:
        self.root = landing.resolve()
        self.file = file
        kept = read_state(file)
        self.entries = {
            name: Entry(**values) for name, values in kept.get("files", {}).items()
        }  # by path within the landing folder
        self.accepted = [Acceptance(**values) for values in kept.get("accepted", [])]
        self._hashed: dict[Path, Entry] = {}

    def problems(self, *, is_thorough: bool) -> list[Problem]:
        """Files that are not what they were, are gone, or are not what a checksum beside them says.

        ``is_thorough`` reads every file; otherwise only those that are new or were touched.
        """
        files = [path for landed in find_files(self.root) for path in landed.files]
        there = {self._name(path) for path in files}
        found = [
            Problem(self.root / name, None, None, RULE, _says_gone(entry))
            for name, entry in sorted(self.entries.items())
            if name not in there
        ]
        suspects = [path for path in files if is_thorough or not self._is_as_it_was(path)]
        with ThreadPoolExecutor(FILES_AT_A_TIME) as pool:
            for path, entry in zip(suspects, pool.map(self._look_at, suspects), strict=True):
                found += self._judge(path, entry)
        return found

    def remember(self) -> None:
        """Write down the files that ``problems`` looked at and that passed."""
        if self._hashed:
            for path, entry in self._hashed.items():
                before = self.entries.get(self._name(path))
                first_seen = before.first_seen_at if before else entry.first_seen_at
                self.entries[self._name(path)] = Entry(
                    entry.bytes, entry.modified_ns, entry.sha256, first_seen
                )
            self._write()

    def accept(self, paths: Iterable[Path], by: str) -> list[Acceptance]:
        """Take files of the landing folder as they are now, or as gone; those that are not as they were."""
        now = _now()
        accepted = []
        for path in paths:
            name = self._name(path) if path.is_relative_to(self.root) else ""
            entry = self.entries.get(name)
            if entry is None:
                continue
            if not path.exists():
                del self.entries[name]
                accepted.append(Acceptance(name, entry.sha256, None, by, now))
                continue
            found = self._look_at(path)
            if found.sha256 != entry.sha256:
                self.entries[name] = found
                accepted.append(Acceptance(name, entry.sha256, found.sha256, by, now))
        self.accepted += accepted
        self._write()
        return accepted

    def digests(self) -> list[dict[str, Any]]:
        """Table, file, bytes and SHA-256 of every landed file."""
        found = []
        for landed in find_files(self.root):
            for path in landed.files:
                known = self.entries.get(self._name(path))
                entry = known if known and self._is_as_it_was(path) else self._look_at(path)
                found.append(
                    {
                        "table": landed.table.full_name,
                        "file": self._name(path),
                        "bytes": entry.bytes,
                        "sha256": entry.sha256,
                    }
                )
        return found

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self.root))

    def _is_as_it_was(self, path: Path) -> bool:
        entry = self.entries.get(self._name(path))
        return entry is not None and stamp(path) == (entry.bytes, entry.modified_ns)

    def _look_at(self, path: Path) -> Entry:
        size, modified = stamp(path)
        self._hashed[path] = Entry(size, modified, sha256(path), _now())
        return self._hashed[path]

    def _judge(self, path: Path, entry: Entry) -> list[Problem]:
        before = self.entries.get(self._name(path))
        if before is not None and before.sha256 != entry.sha256:
            text = (
                f"it was {short(before.sha256)} when it was landed {before.first_seen_at}, and is"
                f" {short(entry.sha256)} now (SHA-256){ADVICE}"
            )
            return [Problem(path, None, None, RULE, text)]
        delivered = path.with_name(path.name + CHECKSUM)
        if before is None and delivered.is_file():
            said = delivered.read_text(encoding="utf-8", errors="replace").split()[:1]
            if said != [entry.sha256]:
                says = short(said[0]) if said else "nothing"
                text = f"it is {short(entry.sha256)}, and {delivered.name} says {says} (SHA-256)"
                return [Problem(path, None, None, "a landed file arrives whole", text)]
        return []

    def _write(self) -> None:
        write_state(
            self.file,
            {
                "files": {name: asdict(entry) for name, entry in sorted(self.entries.items())},
                "accepted": [asdict(acceptance) for acceptance in self.accepted],
            },
        )


def _says_gone(entry: Entry) -> str:
    return f"it was landed {entry.first_seen_at}, and is gone{ADVICE}"


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"


def short(digest: str) -> str:
    """As much of a digest as a person compares."""
    return digest[:SHOWN_OF_A_DIGEST]
