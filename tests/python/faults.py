"""What may happen to a warehouse at work, done to it on purpose, and what must hold after each.

``python -m tests.python.faults <closed demo> [name ...] [--times N] [--seed N]`` (``make faults`` makes the
demo and runs all of it). The folder has a landing, a warehouse and packages whose next month can be
closed. After each fault the last good state can be read, the ledger is unchanged or complete, and what was
said names what is wrong. A fault that breaks that raises ``AssertionError``; otherwise a line of counts is
printed for each.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import duckdb

from orchestration.lib.close_package import disagreements
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.gate import check_once
from orchestration.lib.landing import find_files
from orchestration.lib.mart_files import FILE, MANIFEST
from orchestration.lib.publish import CURRENT, VERSIONS, VERSIONS_KEPT, current, versions
from orchestration.lib.register import sha256
from tests.python import interrupted_closes, mutations
from tests.python.conftest import Company
from tests.python.readers import reading

POLICY = PROJECT_DIR / "seeds" / "policy"
LEDGER = "marts.fct_pay_ledger"
# A close that was through before the disk was full.
DONE = "done all the same"
Fault = Callable[[Company, int, random.Random], Counter[str]]
# Of a ledger row that is drawn, in SQL; each changes what people are paid, or says it was otherwise.
TAMPERING = {
    "changed": f"update {LEDGER} set amount = amount + 0.01 where ledger_entry_id = $row",
    "removed": f"delete from {LEDGER} where ledger_entry_id = $row",
    "added": f"insert into {LEDGER} select * replace (ledger_entry_id || 'x' as ledger_entry_id)"
    f" from {LEDGER} where ledger_entry_id = $row",
    "reordered": f"update {LEDGER} set employee_id = (select min(employee_id) from {LEDGER} as other"
    f" where other.employee_id <> {LEDGER}.employee_id) where ledger_entry_id = $row",
    "backdated": f"update {LEDGER} set period_month = period_month - interval 1 month"
    " where ledger_entry_id = $row",
}


def tampered_ledger(company: Company, times: int, chance: random.Random) -> Counter[str]:
    """Ledger rows changed, removed, added, exchanged, backdated: each is found and named."""
    rows = [row for (row,) in company.query(f"select ledger_entry_id from {LEDGER} order by 1")]
    seen = Counter[str]()
    for how, statement in TAMPERING.items():
        for _ in range(times):
            row = chance.choice(rows)
            with duckdb.connect(str(company.warehouse)) as connection:
                connection.execute(f"create or replace temp table kept as select * from {LEDGER}")
                connection.execute(statement, {"row": row})
                connection.execute("checkpoint")
                found = disagreements_beside(company)
                assert found, (how, row)
                assert any("lacks a row of pay_ledger" in says for says in found), found
                connection.execute(f"delete from {LEDGER}")
                connection.execute(f"insert into {LEDGER} select * from kept")
            seen[f"{how}: found"] += 1
    assert disagreements(company.settings, company.warehouse) == []
    return seen


def disagreements_beside(company: Company) -> list[str]:
    """What another process sees of it: this one has the file open for writing."""
    with tempfile.TemporaryDirectory(dir=company.folder) as place:
        copy = Path(place) / "plumbline.duckdb"
        subprocess.run(["cp", str(company.warehouse), str(copy)], check=True)
        return disagreements(company.settings, copy)


def tampered_packages(company: Company, times: int, chance: random.Random) -> Counter[str]:
    """A bit of a package is flipped: it is found and the file is named.

    Not of the manifest, which the next close's package proves.
    """
    files = [path for path in (company.folder / "closes").rglob("*") if path.is_file()]
    left_out = ("events.jsonl", "manifest.json")
    files = [path for path in files if path.stat().st_size and path.name not in left_out]
    seen = Counter[str]()
    for _ in range(times):
        path = chance.choice(files)
        content = path.read_bytes()
        path.chmod(0o600)
        path.write_bytes(mutations.flip_a_bit(content, chance))
        found = disagreements(company.settings, company.warehouse)
        assert any(path.name in says for says in found), (path, found)
        path.write_bytes(content)
        path.chmod(0o400)
        seen["found"] += 1
    assert disagreements(company.settings, company.warehouse) == []
    return seen


def altered_files(company: Company, times: int, chance: random.Random) -> Counter[str]:
    """Landed files flipped and truncated after they were seen: each is refused by name."""
    remembered = company.folder / "gate.json"
    door = lambda: check_once(company.landing, POLICY, remembered, is_thorough=True)  # noqa: E731
    assert door() == []
    files = [path for landed in find_files(company.landing) for path in landed.files]
    seen = Counter[str]()
    for mutation in (mutations.flip_a_bit, mutations.truncate):
        for _ in range(times):
            path = chance.choice(files)
            content = path.read_bytes()
            path.write_bytes(mutation(content, chance))
            problems = door()
            path.write_bytes(content)
            assert [problem.path for problem in problems] == [path], problems
            seen[f"{path.suffix[1:]} {mutation.__name__}: refused"] += 1
    assert door() == []
    return seen


def broken_files(company: Company, times: int, chance: random.Random) -> Counter[str]:
    """Files that arrive broken (``mutations``): refused, set aside or read, and never half."""
    return mutations.fuzz(company.landing, times, chance.randrange(1 << 30))


def killed_closes(company: Company, times: int, chance: random.Random) -> Counter[str]:
    """Closes that are killed at any moment, and taken up again (``interrupted_closes``)."""
    return interrupted_closes.kill(company.folder, times, chance)


def killed_builds(company: Company, times: int, chance: random.Random) -> Counter[str]:
    """Builds that are killed, up to ten times in a row: after each what was there is read as before, and
    the one that is left alone is an undisturbed one's."""
    seen = Counter[str]()
    with tempfile.TemporaryDirectory() as place:
        whole = company.copy_to(Path(place) / "whole")
        before, started = whole.marts(), time.monotonic()
        whole.must("build")
        after, length = whole.marts(), time.monotonic() - started
        while left := times - sum(seen.values()):
            killed = company.copy_to(Path(place) / "killed")
            for _ in range(min(left, chance.randint(1, 10))):
                moment = interrupted_closes.after(chance.uniform(0, length))
                was_killed = interrupted_closes.interrupt(killed, moment, ["build"])
                assert killed.marts() in (before, after), "neither the old state nor the new one"
                seen["killed" if was_killed else "done before it could be killed"] += 1
            killed.must("build")
            assert killed.marts() == after, "another end than an undisturbed build"
            killed.must("verify")
            shutil.rmtree(killed.folder)
            print(dict(seen), flush=True)
    return seen


def killed_publications(company: Company, times: int, chance: random.Random) -> Counter[str]:
    """Publications that are killed: readers get a whole version, the one before or the new one, and the
    next publication is as if nothing had been."""
    seen = Counter[str]()
    settings = company.settings
    for _ in range(VERSIONS_KEPT):
        started = time.monotonic()
        assert interrupted_closes.begin(company, ["publish"]).wait() == 0
        length = time.monotonic() - started
    expected = {mart: len(rows) for mart, rows in company.marts().items()}
    for number in range(times):
        was = str(current(settings))
        drafts = settings.published / VERSIONS
        moments: list[interrupted_closes.Moment] = [
            # Before that Python reads its modules.
            interrupted_closes.after(chance.uniform(length / 3, length)),
            lambda _company, _passed, drafts=drafts: any(drafts.glob(".*/manifest.json")),
            lambda other, _passed, was=was: current(other.settings) != was,
            lambda other, _passed, was=was, drafts=drafts: (
                current(other.settings) != was and any(drafts.glob(".*"))
            ),
        ]
        moment = interrupted_closes.moment_of(number, moments)
        was_killed = interrupted_closes.interrupt(company, moment, ["publish"])
        shown = str(current(settings))
        assert shown >= was
        _require_whole(company, shown, expected)
        end = "the version before is read" if shown == was else "the new version is read"
        seen[end if was_killed else "done before it could be killed"] += 1
    company.must("publish")
    _require_whole(company, str(current(settings)), expected)
    left = {path.name for path in (settings.published / VERSIONS).iterdir()}
    assert left == {version.name for version in versions(settings)}, left
    assert len(left) == VERSIONS_KEPT
    return seen


def builds_under_readers(company: Company, times: int, chance: random.Random) -> Counter[str]:
    """Builds and publications while eight readers connect and ask without pause: none fails or sees two
    versions in a session, and each build and publication is done."""
    seen = Counter[str]()
    company.must("publish")
    file = company.settings.published / CURRENT / FILE
    with reading(file, company.folder / "stop", pause=0.5) as readers:
        for number in range(times):
            name = f"T-{chance.randrange(1 << 30)}"
            loaded = f"2026-07-20T00:00:{number % 60:02}Z"
            company.land("hr.teams", [{"team_id": name, "_loaded_at": loaded}], part=name)
            company.must("build")
            company.must("publish")
            readers.require_all_at_work()
            seen["built and published"] += 1
            print(dict(seen), flush=True)
    for sessions, versions_seen in readers.ends:
        seen["sessions of readers"] += sessions
        assert versions_seen >= min(times, 2)
    return seen


def _require_whole(company: Company, version: str, expected: dict[str, int]) -> None:
    """Readers get this version, every file as its manifest has it, and the warehouse's rows."""
    folder = company.settings.published / CURRENT
    with duckdb.connect(str(folder / FILE), read_only=True) as reader:
        assert reader.execute("select version from marts.published_version").fetchall() == [
            (version,)
        ]
        for mart, rows in expected.items():
            assert reader.execute(f"select count(*) from marts.{mart}").fetchone() == (rows,), mart
    files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    assert {name: sha256(folder / name) for name in files} == files


def full_disks(company: Company, times: int, chance: random.Random) -> Counter[str]:
    """The disk fills while a build is at work: nothing is published, it is said, and room mends it.

    Needs the right to mount a tmpfs; raises ``PermissionError`` without.
    """
    seen = Counter[str]()
    held = sum(path.stat().st_size for path in company.folder.rglob("*") if path.is_file())
    size = held * 2 + company.warehouse.stat().st_size + (256 << 20)
    with tempfile.TemporaryDirectory() as place:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", place],
            capture_output=True, check=False,
        )  # fmt: skip
        if mounted.returncode:
            raise PermissionError(mounted.stderr.decode())
        try:
            whole = company.copy_to(Path(place) / "whole")
            before, started = interrupted_closes.state(whole), time.monotonic()
            whole.must("close", interrupted_closes.MONTH)
            length = time.monotonic() - started
            after = interrupted_closes.state(whole)
            shutil.rmtree(whole.folder)
            for _ in range(times):
                there = company.copy_to(Path(place) / "there")
                said = _fill_while_it_closes(there, Path(place), chance.uniform(0, length))
                found = interrupted_closes.state(there)
                assert (found.ledger, found.closes) in (
                    [(after.ledger, after.closes)]
                    + ([] if said == DONE else [(before.ledger, before.closes)])
                ), said
                there.must("close", interrupted_closes.MONTH)
                assert interrupted_closes.state(there) == after, "another end than with room"
                there.must("verify")
                shutil.rmtree(there.folder)
                seen[said] += 1
        finally:
            subprocess.run(["umount", place], check=True)
    return seen


def _fill_while_it_closes(company: Company, disk: Path, moment: float) -> str:
    """Fill the disk at a moment of a close, and keep it full until it has ended; what it said of it."""
    filler = disk / "filler"
    is_over = threading.Event()

    def fill() -> None:
        is_over.wait(moment)
        while not is_over.is_set():
            room = shutil.disk_usage(disk).free
            try:
                with filler.open("ab") as file:
                    file.write(b"\0" * min(room, 8 << 20))
            except OSError:
                is_over.wait(0.02)

    thread = threading.Thread(target=fill)
    thread.start()
    done = company.plumbline("close", interrupted_closes.MONTH)
    is_over.set()
    thread.join()
    filler.unlink(missing_ok=True)
    if done.returncode == 0:
        return DONE
    assert "Traceback" not in done.stderr, done.stderr
    words = ("space", "free", "disk", "Errno 28", "could not write", "Could not write")
    assert any(word in done.stderr for word in words), done.stderr
    return "refused before it began" if "MB free" in done.stderr else "failed and said so"


def concurrent_commands(company: Company, times: int, chance: random.Random) -> Counter[str]:
    """Ten commands at once: one writes, the other writers are told who holds the lock, readers read."""
    seen = Counter[str]()
    commands = [
        ["close", interrupted_closes.MONTH], ["close", interrupted_closes.MONTH], ["build"], ["build"],
        ["verify"], ["pay", "2026-06", "--employee", "Z06"], ["findings"], ["doctor"], ["check"],
        ["top", "2026-06", "--role", "account_manager"],
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as place:
        whole = company.copy_to(Path(place) / "whole")
        whole.must("close", interrupted_closes.MONTH)
        for number in range(times):
            crowd = company.copy_to(Path(place) / f"crowd-{number}")
            chance.shuffle(commands)
            running = [
                subprocess.Popen(
                    [sys.executable, "-m", "orchestration.cli", *command], cwd=PROJECT_DIR,
                    env=crowd.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                )
                for command in commands
            ]  # fmt: skip
            for command, process in zip(commands, running, strict=True):
                said = process.communicate()[0]
                assert "Traceback" not in said, said
                if process.returncode and command[0] in ("close", "build"):
                    assert "another build is at work" in said, said
                    seen["writers told to wait"] += 1
                else:
                    seen["done" if process.returncode == 0 else f"{command[0]}: said why not"] += 1
            crowd.must("close", interrupted_closes.MONTH)
            ours, theirs = (
                found.query(f"select * from {LEDGER} order by all") for found in (crowd, whole)
            )
            assert ours == theirs, "another ledger than one close alone"
            shutil.rmtree(crowd.folder)
    return seen


def delivered_again(company: Company, times: int, chance: random.Random) -> Counter[str]:
    """Files that come once more under other names, in any order: nothing counts twice."""
    with tempfile.TemporaryDirectory() as place:
        again = company.copy_to(Path(place) / "again")
        again.must("build")
        before = again.marts()
        files = [path for landed in find_files(again.landing) for path in landed.files]
        for number, path in enumerate(chance.sample(files, min(times, len(files)))):
            shutil.copyfile(path, path.with_name(f"again-{number}{path.suffix}"))
        again.must("build")
        differing = {
            name for name, rows in again.marts().items()
            if rows != before[name] and name != "fct_landing_reconciliation"
        }  # fmt: skip
        assert not differing, differing
    return Counter({"files delivered again": min(times, len(files))})


def other_places(company: Company, times: int, chance: random.Random) -> Counter[str]:
    """Machines set to other time zones and languages compute the same."""
    zones = ["America/New_York", "Pacific/Kiritimati", "Asia/Kathmandu", "Europe/London"]
    seen = Counter[str]()
    for zone in chance.sample(zones, min(times, len(zones))):
        with tempfile.TemporaryDirectory() as place:
            there = Company(Path(place) / "there")
            shutil.copytree(company.landing, there.landing)
            done = there.run(
                sys.executable, "-m", "orchestration.cli", "build", TZ=zone, LC_ALL="C.UTF-8"
            )
            assert done.returncode == 0, done.stderr
            # its own ledger is empty: nothing was closed there
            ledger = ("fct_pay_ledger", "fct_pay_statements", "fct_closes", "fct_pay_disputes")
            here = company.copy_to(Path(place) / "here")
            here.must("build")
            ours, theirs = here.marts(), there.marts()
            differing = {name for name in ours if ours[name] != theirs[name] and name not in ledger}
            assert not differing, (zone, differing)
            seen[zone] += 1
    return seen


# Moments at which a machine's clock stands when a build begins: set back by years, the end of a year and of
# a leap day in UTC, the hour that New York skips and the one that it has twice, and years ahead.
MOMENTS = {
    "set back": "2019-05-05 10:00:00",
    "year end": "2026-12-31 23:59:40",
    "leap day": "2028-02-29 23:59:40",
    "an hour skipped": "2027-03-14 06:59:40",
    "an hour twice": "2027-11-07 05:59:40",
    "years ahead": "2037-01-01 00:00:00",
}


def other_times(company: Company, times: int, chance: random.Random) -> Counter[str]:
    """Clocks that are wrong, or turn while a close is at work: the same is posted, no mart differs.

    Needs Debian's faketime; raises ``PermissionError`` without.
    """
    faketime = shutil.which("faketime")
    if faketime is None:
        raise PermissionError("faketime is not installed")
    seen = Counter[str]()
    with tempfile.TemporaryDirectory() as place:
        here = company.copy_to(Path(place) / "here")
        here.must("close", interrupted_closes.MONTH)
        for what in chance.sample(sorted(MOMENTS), min(times, len(MOMENTS))):
            there = company.copy_to(Path(place) / "there")
            done = there.run(
                faketime, "-f", f"@{MOMENTS[what]}", sys.executable, "-m", "orchestration.cli", "close",
                interrupted_closes.MONTH, TZ="America/New_York", FAKETIME_DONT_FAKE_MONOTONIC="1",
            )  # fmt: skip
            assert done.returncode == 0, (what, done.stdout, done.stderr)
            ours, theirs = here.marts(), there.marts()
            differing = {name for name in ours if ours[name] != theirs[name]}
            assert not differing, (what, differing)
            there.must("verify")
            shutil.rmtree(there.folder)
            seen[what] += 1
    return seen


def soak(company: Company, times: int, chance: random.Random) -> Counter[str]:
    """The last months closed one after another, with something going wrong before or in each: the ledger,
    the packages and every mart are those of a run in which nothing did."""
    months = [
        month
        for (month,) in company.query(
            "select strftime(period_month, '%Y-%m') from marts.dim_periods where is_whole order by 1"
        )
    ][-times:]
    seen = Counter[str]()
    with tempfile.TemporaryDirectory() as place:
        clean, troubled = (Company(Path(place).resolve() / name) for name in ("clean", "troubled"))
        for one in (clean, troubled):
            shutil.copytree(company.landing, one.landing)
        for month in months:
            known_at = f"{_next_month(month)}-05T00:00:00"
            close = ["close", month, "--known-at", known_at]
            clean.must(*close)
            what = chance.choice([_kill_it, _alter_a_file, _deliver_again, _crowd_it, _nothing])
            what(troubled, close, chance)
            troubled.must(*close)
            troubled.must("verify")
            seen[what.__name__.strip("_").replace("_", " ")] += 1
        left_out = "fct_landing_reconciliation"
        ours, theirs = troubled.marts(), clean.marts()
        differing = {name for name in theirs if ours[name] != theirs[name] and name != left_out}
        assert not differing, differing
    return seen


def _next_month(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{year + number // 12}-{number % 12 + 1:02}"


def _nothing(_company: Company, _close: list[str], _chance: random.Random) -> None:
    """A month in which nothing goes wrong."""


def _kill_it(company: Company, close: list[str], chance: random.Random) -> None:
    interrupted_closes.interrupt(company, interrupted_closes.after(chance.uniform(1, 40)), close)


def _alter_a_file(company: Company, close: list[str], chance: random.Random) -> None:
    """A bit flips; the close is refused; the file is landed as it was."""
    if not (company.folder / "landed.json").exists():
        return  # nothing has been seen yet
    path = chance.choice([p for found in find_files(company.landing) for p in found.files])
    content = path.read_bytes()
    path.write_bytes(mutations.flip_a_bit(content, chance))
    done = company.plumbline(*close)
    assert done.returncode == 1 and path.name in done.stderr, done.stderr
    path.write_bytes(content)


def _deliver_again(company: Company, _close: list[str], chance: random.Random) -> None:
    path = chance.choice([p for found in find_files(company.landing) for p in found.files])
    shutil.copyfile(path, path.with_name(f"again-{chance.randrange(1 << 30)}{path.suffix}"))


def _crowd_it(company: Company, close: list[str], _chance: random.Random) -> None:
    """Two closes of the month at once."""
    command = [sys.executable, "-m", "orchestration.cli", *close]
    running = [
        subprocess.Popen(
            command, cwd=PROJECT_DIR, env=company.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]  # fmt: skip
    assert 0 in [process.wait() for process in running]


FAULTS: dict[str, tuple[Fault, int]] = {
    "altered_files": (altered_files, 500),
    "broken_files": (broken_files, 20_000),
    "tampered_ledger": (tampered_ledger, 100),
    "tampered_packages": (tampered_packages, 100),
    "delivered_again": (delivered_again, 200),
    "other_places": (other_places, 4),
    "other_times": (other_times, 6),
    "concurrent_commands": (concurrent_commands, 10),
    "full_disks": (full_disks, 50),
    "killed_builds": (killed_builds, 100),
    "killed_publications": (killed_publications, 100),
    "builds_under_readers": (builds_under_readers, 20),
    "killed_closes": (killed_closes, 200),
    "soak": (soak, 36),
}


def main() -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(description="Do to a warehouse what may happen to it.")
    parser.add_argument("company", type=Path)
    parser.add_argument("faults", nargs="*", choices=[[], *FAULTS], default=[])
    parser.add_argument("--times", type=int, help="by default what docs/reliability.md reports")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    source = Company(arguments.company.resolve())
    for name in arguments.faults or FAULTS:
        fault, times = FAULTS[name]
        with tempfile.TemporaryDirectory() as place:
            company = source.copy_to(Path(place).resolve() / "company")
            started = time.monotonic()
            seen = fault(company, arguments.times or times, random.Random(arguments.seed))
            counts = ", ".join(f"{what} {count}" for what, count in sorted(seen.items()))
            print(f"{name}: {counts} ({time.monotonic() - started:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
