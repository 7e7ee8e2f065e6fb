"""``--profile`` of builds and closes: what each node took, as seen from outside the process."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console

from orchestration.lib.profile import NodeProfile, Profiler
from orchestration.lib.run_log import profile_table
from tests.python.conftest import PROFILED, Company

HELD = 200_000_000
WORK = f"held = b'x' * {HELD}; sum(range(3_000_000)); print('done', flush=True); input()"


def said(profiler: Profiler) -> str:
    console = Console(width=120, record=True)
    console.print(profile_table(profiler))
    return console.export_text()


def test_a_node_has_the_memory_the_time_and_the_spill_of_the_process_while_it_ran(
    tmp_path: Path,
) -> None:
    (tmp_path / "spilled").write_bytes(b"x" * 1_000)
    profiler = Profiler(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", WORK], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        watching = profiler.watch(process.pid)
        profiler.started("works", "model")
        assert process.stdout
        process.stdout.readline()
        works = profiler.nodes["works"]
        patience = time.monotonic() + 30
        while works.peak_memory < HELD and time.monotonic() < patience:
            time.sleep(0.05)
        profiler.finished("works", 1.5)
        profiler.started("rests", "model")
        profiler.finished("rests", 0.0)
        process.communicate(b"\n")
    watching.join(timeout=30)
    assert not watching.is_alive()
    assert works.peak_memory >= HELD
    assert works.peak_spill == 1_000
    assert works.cpu_seconds > profiler.nodes["rests"].cpu_seconds
    assert works.seconds == 1.5


def test_a_process_that_has_ended_leaves_a_profile() -> None:
    profiler = Profiler(Path("nowhere"))
    with subprocess.Popen([sys.executable, "-c", "pass"]) as process:
        pass
    profiler.watch(process.pid).join(timeout=30)
    profiler.started("late", "model")
    profiler.finished("late", 0.1)
    assert profiler.nodes["late"].cpu_seconds == 0


def test_whatever_took_long_has_a_line_and_the_rest_is_added_up() -> None:
    profiler = Profiler(Path("nowhere"))
    for node in (
        NodeProfile("fct_long", "model", 3.0, 5.5, 700_000_000, 2_000_000),
        NodeProfile("fct_short", "model", 0.01, 0.02, 500_000_000),
        NodeProfile("primary_key_fct_long", "test", 2.0, 3.25, 600_000_000, 9_000_000),
        NodeProfile("primary_key_fct_short", "test", 0.5, 0.25, 400_000_000),
    ):
        profiler.nodes[node.name] = node
    lines = [line.split() for line in said(profiler).splitlines() if line.strip()]
    assert lines[-4:] == [
        ["fct_long", "3.00", "5.50", "700", "2"],
        ["primary_key_fct_long", "test", "2.00", "3.25", "600", "9"],
        ["fct_short", "0.01", "0.02", "500", "0"],
        ["2", "of", "kind", "test", "2.50", "3.50", "600", "9"],
    ]


def test_a_close_shows_where_its_time_went(next_close: Company) -> None:
    shown = (next_close.folder / PROFILED).read_text()
    assert "Where the time went (peak memory of dbt:" in shown
    lines = [line.split() for line in shown.splitlines() if line.strip()]
    [ledger] = [line for line in lines if line[0] == "fct_pay_ledger"]
    [(posted,)] = next_close.query("select count(*) from marts.fct_pay_ledger")
    assert ledger[1] == f"{posted:,}"
