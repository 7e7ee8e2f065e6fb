"""BI tools at work: processes that connect to a published file, ask, and connect again, all the while."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

READERS = 8
# Asks three times in each session; ends when it is told to, and has had so many sessions.
READER = """
import pathlib, sys, time, duckdb
file, stop, least, pause = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
sessions, seen = 0, set()
while sessions < least or not stop.exists():
    with duckdb.connect(file, read_only=True) as connection:
        asked = {
            connection.execute(
                "select max(version), (select count(*) from marts.fct_measures),"
                " (select count(*) from marts.fct_pay_ledger) from marts.published_version"
            ).fetchone()
            for _ in range(3)
        }
        assert len(asked) == 1, asked
        seen |= asked
    sessions += 1
    time.sleep(pause)
print(sessions, len(seen))
"""


class Readers:
    """Eight of them, and, once they have ended, how many sessions each had and versions each saw."""

    def __init__(self, file: Path, stop: Path, least: int, pause: float) -> None:
        self.stop = stop
        self.ends: list[tuple[int, int]] = []
        self.processes = [
            subprocess.Popen(
                [sys.executable, "-c", READER, str(file), str(stop), str(least), str(pause)],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
            for _ in range(READERS)
        ]  # fmt: skip

    def require_all_at_work(self) -> None:
        assert all(process.poll() is None for process in self.processes)

    def end(self) -> None:
        """Let each finish its session; raises ``AssertionError`` where one failed."""
        self.stop.touch()
        said = [(*process.communicate(), process.returncode) for process in self.processes]
        assert [error for _, error, code in said if code] == []
        for text, _, _ in said:
            sessions, versions = map(int, text.split())
            self.ends.append((sessions, versions))


@contextmanager
def reading(file: Path, stop: Path, least: int = 0, pause: float = 0.0) -> Iterator[Readers]:
    """Readers of a file until the block ends; a pause leaves a small machine to others.

    ``stop`` is a path that is free: the readers end when it is there.
    """
    readers = Readers(file, stop, least, pause)
    try:
        yield readers
    finally:
        readers.end()
