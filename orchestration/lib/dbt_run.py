"""Runs the steps of a build in a process of their own (``dbt_worker``) and follows what they say."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.profile import Profiler

# The step of a build that is Python's; every other is dbt's arguments.
CUTS = "cuts"
FOLDERS = ("--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR / "profiles"))
# In a process of its own: reading takes far more memory than what is read, and Python would hold it.
READ_PROJECT = [sys.executable, "-m", "orchestration.lib.dbt_worker", json.dumps([])]
# Told after each finished node: its number, how many there are, and dbt's line about it.
Progress = Callable[[int, int, str], None]


@dataclass
class DbtResult:
    """How the steps ended: what failed, and what was printed beside the worker's own events."""

    is_success: bool
    errors: list[str] = field(default_factory=list)
    other_output: list[str] = field(default_factory=list)
    invocation_ids: list[str] = field(default_factory=list)


class DbtProcess:
    """A process that reads dbt, which takes a second, and then waits to be told what to run.

    A context: a process that was told nothing ends with it, and so does one that is still at work.
    """

    def __enter__(self) -> DbtProcess:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "orchestration.lib.dbt_worker"],
            cwd=PROJECT_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        return self

    def __exit__(self, *raised: object) -> None:
        self._end()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with contextlib.suppress(BrokenPipeError):
                stream.close()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()

    def run(
        self,
        steps: Sequence[str | Sequence[str]],
        environment: Mapping[str, str],
        progress: Progress = lambda _number, _total, _line: None,
        told: Callable[[int], None] = lambda _number: None,
        profiler: Profiler | None = None,
    ) -> DbtResult:
        """Run dbt's arguments and ``cuts``, in order, and wait for them; ``told`` hears each begin.

        Never raises for a failing build: ``is_success`` says so, and ``errors`` why. A process runs once.
        """
        process, result = self._process, DbtResult(is_success=False)
        assert process.stdin is not None
        assert process.stdout is not None
        if profiler:
            profiler.watch(process.pid)
        # What it has to say where it is there no more is read below.
        with contextlib.suppress(BrokenPipeError):
            asked = {"environment": {**environment}, "steps": list(steps)}
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
        try:
            for line in process.stdout:
                _follow(line, result, progress, told, profiler)
            result.is_success = process.wait() == 0
        finally:
            # Whoever is interrupted lets go of the lock on what this writes, and removes it.
            self._end()
        if profiler:
            profiler.stop()
        if not result.is_success and not result.errors:
            # It broke off: its traceback is what there is to tell.
            result.errors += [
                f"dbt ended with exit code {process.returncode}",
                *result.other_output,
            ]
        return result


def _follow(
    line: str,
    result: DbtResult,
    progress: Progress,
    told: Callable[[int], None],
    profiler: Profiler | None,
) -> None:
    try:
        event: dict[str, Any] = json.loads(line)
        kind = event["event"]
    except (json.JSONDecodeError, TypeError, KeyError):
        if line.strip():
            result.other_output.append(line.rstrip())
        return
    if kind == "step":
        told(event["number"])
    elif kind == "invocation":
        result.invocation_ids.append(event["id"])
    elif kind == "error":
        if event["text"] and event["text"] not in result.errors:
            result.errors.append(event["text"])
    elif kind == "started" and profiler:
        profiler.started(event["name"], event["kind"])
    elif kind == "finished":
        if profiler:
            profiler.finished(event["name"], event["seconds"])
        progress(event["index"], event["total"], event["text"])
