"""Runs dbt as a process of its own and follows its log.

In-process dbt would keep the DuckDB file open after the run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.profile import Profiler

# Told after each finished node: its number, how many there are, and dbt's line about it.
Progress = Callable[[int, int, str], None]


@dataclass
class DbtResult:
    """How a run of dbt ended: what failed, and what was printed beside dbt's own log."""

    is_success: bool
    errors: list[str] = field(default_factory=list)
    other_output: list[str] = field(default_factory=list)
    invocation_id: str | None = None


def run_dbt(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    progress: Progress = lambda _number, _total, _line: None,
    profiler: Profiler | None = None,
) -> DbtResult:
    """Run ``dbt <arguments>`` in the project and wait for it.

    Never raises for a failing build: ``is_success`` says so, and ``errors`` why.
    """
    command = [
        sys.executable,
        "-m",
        "dbt.cli.main",
        "--log-format",
        "json",
        # Two seconds of each run: artefacts that nobody reads here, and every statement in a log.
        "--no-write-json",
        "--log-level-file",
        "info",
        *arguments,
        "--project-dir",
        str(PROJECT_DIR),
        "--profiles-dir",
        str(PROJECT_DIR / "profiles"),
    ]
    result = DbtResult(is_success=False)
    with subprocess.Popen(
        command,
        cwd=PROJECT_DIR,
        env={**environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        if profiler:
            profiler.watch(process.pid)
        for line in process.stdout:
            _follow(line, result, progress, profiler)
        if profiler:
            profiler.stop()
    result.is_success = process.returncode == 0
    if not result.is_success and not result.errors:
        # dbt itself broke off: its traceback is what there is to tell.
        result.errors += [f"dbt ended with exit code {process.returncode}", *result.other_output]
    return result


def _follow(line: str, result: DbtResult, progress: Progress, profiler: Profiler | None) -> None:
    try:
        event: dict[str, Any] = json.loads(line)
    except json.JSONDecodeError:
        if line.strip():
            result.other_output.append(line.rstrip())
        return
    info, data = event.get("info", {}), event.get("data", {})
    message = str(info.get("msg", "")).strip()
    result.invocation_id = info.get("invocation_id", result.invocation_id)
    node = data.get("node_info", {})
    if profiler and info.get("name") == "LogStartLine":
        profiler.started(node.get("node_name", ""), node.get("resource_type", ""))
    if profiler and "execution_time" in data:
        profiler.finished(node.get("node_name", ""), float(data["execution_time"]))
    if info.get("name") in ("LogModelResult", "LogTestResult", "LogSeedResult", "LogNodeResult"):
        progress(int(data.get("index", 0)), int(data.get("total", 0)), message)
    if info.get("level") == "error" and message:
        result.errors.append(message)
