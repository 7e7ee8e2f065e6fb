"""The process that looks into landed Parquet files, so that one which ends its reader ends nothing else.

DuckDB and Arrow read a file whose footer lies in native code; a single flipped bit there can end the
process that reads it (a DECIMAL(9,38), whose cast divides by zero). A build must say which file
that was. ``python -m orchestration.lib.gate_worker`` answers a line of JSON with a line of JSON.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import duckdb

from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.landing import find_files, scratch
from orchestration.lib.limits import memory_limit
from orchestration.lib.problem import Problem

COMMAND = [sys.executable, "-m", "orchestration.lib.gate_worker"]
Looked = tuple[list[Problem], set[Path]]


class ReaderDiedError(Exception):
    """The process that read the files was ended; the message is by what."""


class Reader:
    """A process that looks at files for this one; a new one is started where the last one died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def look(
        self,
        landing: Path,
        table: str,
        fresh: Collection[Path],
        faulty: Collection[Path],
        *,
        is_alone: bool = False,
    ) -> Looked:
        """``gate.look`` at a table of the landing folder; with ``is_alone`` as if it had no other files.

        Raises ``ReaderDiedError`` where that ended the process, ``FileNotFoundError`` where a file
        vanished, and ``duckdb.Error`` for what DuckDB said of anything but a file.
        """
        asked = {
            "landing": str(landing.resolve()),
            "table": table,
            "fresh": sorted(map(str, fresh)),
            "faulty": sorted(map(str, faulty)),
            "is_alone": is_alone,
            "memory": memory_limit(),
        }
        with self._lock:
            answer = self._ask(json.dumps(asked))
        if "vanished" in answer:
            raise FileNotFoundError(2, "it vanished", answer["vanished"])
        if "error" in answer:
            raise duckdb.Error(answer["error"])
        problems = [Problem(**{**said, "path": Path(said["path"])}) for said in answer["problems"]]
        return problems, set(map(Path, answer["faulty"]))

    def _ask(self, line: str) -> dict[str, Any]:
        process = self._process
        if process is None or process.poll() is not None:
            process = self._process = subprocess.Popen(
                COMMAND,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True, cwd=PROJECT_DIR,
            )  # fmt: skip
        try:
            _of(process.stdin).write(line + "\n")
            _of(process.stdin).flush()
            answered = _of(process.stdout).readline()
        except BrokenPipeError:
            answered = ""
        if not answered:
            code = process.wait()
            self.close()
            by = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            raise ReaderDiedError(by)
        found: dict[str, Any] = json.loads(answered)
        return found

    def close(self) -> None:
        """End the process, whatever it reads; the next question starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            for stream in (process.stdin, process.stdout):
                # What it was not told any more.
                with contextlib.suppress(BrokenPipeError):
                    _of(stream).close()
            process.wait()


def _of(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


READER = Reader()
atexit.register(READER.close)


def main() -> None:
    """Answer questions until there are no more."""
    # The gate imports this module.
    from orchestration.lib.gate import look

    # Ctrl-C is for the process that asks.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin:
        asked = json.loads(line)
        os.environ["PLUMBLINE_MEMORY"] = asked["memory"]
        [landed] = [
            found
            for found in find_files(Path(asked["landing"]))
            if found.table.full_name == asked["table"]
        ]
        fresh, faulty = (set(map(Path, asked[name])) for name in ("fresh", "faulty"))
        if asked["is_alone"]:
            landed = landed.only(fresh)
        answer: dict[str, Any]
        try:
            with scratch() as connection:
                problems, with_faults = look(connection, landed, fresh, faulty)
            answer = {
                "problems": [asdict(problem) for problem in problems],
                "faulty": sorted(with_faults),
            }
        except FileNotFoundError as error:
            answer = {"vanished": str(error.filename)}
        except duckdb.Error as error:
            answer = {"error": str(error)}
        print(json.dumps(answer, default=str), flush=True)


if __name__ == "__main__":
    main()
