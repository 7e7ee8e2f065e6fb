"""Closes that are killed, and taken up again: the ledger and its package are as if nothing had been.

``python -m tests.python.interrupted_closes <closed demo> <times> [seed]`` takes a folder with
a landing, a warehouse and packages whose next month can be closed, kills its close at so many moments, and
says what it saw.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.lib.contract import PROJECT_DIR
from tests.python.conftest import Company

MONTH = "2026-07"
FILES = ("pay_ledger.csv", "pay_statements.csv", "commission_lines.csv", "score_items.csv")
CLOSE = ["close", MONTH]
LONGEST = 600.0
Moment = Callable[[Company, float], bool]


@dataclass(frozen=True)
class State:
    """What a close leaves: ledger, closes without their time, the package's files."""

    ledger: list[tuple[Any, ...]]
    closes: list[tuple[Any, ...]]
    package: dict[str, bytes]


def state(company: Company) -> State:
    """Raises where the warehouse cannot be read."""
    folder = company.folder / "closes" / MONTH
    return State(
        ledger=company.query("select * from marts.fct_pay_ledger order by all"),
        closes=company.query("select * exclude (closed_at) from marts.fct_closes order by all"),
        package={name: (folder / name).read_bytes() for name in FILES if folder.exists()},
    )


def after(seconds: float) -> Moment:
    return lambda _company, passed: passed >= seconds


def when_there(name: str) -> Moment:
    """As soon as a file of the package is there, or (empty) the package itself."""
    return lambda company, _passed: (company.folder / "closes" / name).exists()


def when_published(company: Company) -> Moment:
    """As soon as the new warehouse has taken the place of the old one."""
    inode = company.warehouse.stat().st_ino
    return lambda other, _passed: other.warehouse.stat().st_ino != inode


def moment_of(number: int, moments: list[Moment]) -> Moment:
    """Of four moments the first, which is any time, for seven of ten; the others, where it matters most."""
    return moments[max(number % 10 - 6, 0)]


def begin(company: Company, command: list[str]) -> subprocess.Popen[bytes]:
    """A command, by default the close, in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", *command],
        cwd=PROJECT_DIR,
        env=company.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def interrupt(company: Company, moment: Moment, command: list[str] = CLOSE) -> bool:
    """Begin a command, by default the close, and kill it, with all it started, at the moment.

    False where it was done before.
    """
    started = time.monotonic()
    with begin(company, command) as process:
        while process.poll() is None:
            passed = time.monotonic() - started
            if moment(company, passed) or passed > LONGEST:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return True
            time.sleep(0.001)
    return False


def check(before: State, whole: State, company: Company, moment: Moment) -> str:
    """Kill a close at the moment and run it again; says at which state it was killed.

    Raises ``AssertionError`` for half a posting, or an end that is not ``whole``.
    """
    was_killed = interrupt(company, moment)
    found = state(company)
    assert (found.ledger, found.closes) in (
        (before.ledger, before.closes),
        (whole.ledger, whole.closes),
    ), "half a posting"
    said = "killed before it was published" if found.ledger == before.ledger else "killed after it"
    company.must("close", MONTH)
    assert state(company) == whole, "another end than an undisturbed close"
    company.must("verify")
    assert not list((company.folder / "closes").glob("*.pending"))
    return said if was_killed else "done before it could be killed"


def kill(folder: Path, times: int, chance: random.Random) -> Counter[str]:
    """Kill so many closes; how many were killed at which state."""
    source, seen = Company(folder), Counter[str]()
    with tempfile.TemporaryDirectory() as place:
        undisturbed = source.copy_to(Path(place) / "undisturbed")
        before, started = state(undisturbed), time.monotonic()
        undisturbed.must("close", MONTH)
        length, whole = time.monotonic() - started, state(undisturbed)
        for number in range(times):
            company = source.copy_to(Path(place) / f"killed-{number}")
            moments = [
                after(chance.uniform(0, length)),
                when_there(f"{MONTH}.pending"),
                when_there(f"{MONTH}.pending/manifest.json"),
                when_published(company),
            ]
            said = check(before, whole, company, moment_of(number, moments))
            seen[said] += 1
            subprocess.run(["rm", "-rf", str(company.folder)], check=True)
    return seen


if __name__ == "__main__":
    print(kill(Path(sys.argv[1]), int(sys.argv[2]), random.Random(int((sys.argv[3:] or ["1"])[0]))))
