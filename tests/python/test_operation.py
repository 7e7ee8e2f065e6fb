"""Doctor, backup, recovery and the record of runs, as whoever operates the warehouse uses them."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from orchestration.lib.build import Request, build
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.dbt_run import DbtProcess, DbtResult
from orchestration.lib.runs import RUNS
from orchestration.lib.warehouse import BuildError
from tests.python.conftest import Company


@pytest.fixture(scope="module")
def backed_up(
    closed_demo: Company, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Company, Path]:
    company = closed_demo.copy_to(tmp_path_factory.mktemp("backed-up"))
    file = company.folder / "saved.tar"
    # a reader holds the warehouse open all the while
    reader = f"import duckdb, time; c = duckdb.connect({str(company.warehouse)!r}, read_only=True)"
    with subprocess.Popen(
        [sys.executable, "-c", f"{reader}; print('open', flush=True); time.sleep(60)"],
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        said = company.must("backup", str(file), "--with-landing")
        process.kill()
    assert "closes 2026-06 to 2026-06" in said
    return company, file


def diagnosis(company: Company, **more: str) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    done = company.run(sys.executable, "-m", "orchestration.cli", "doctor", "--json", **more)
    found: dict[str, list[dict[str, Any]]] = {}
    for finding in json.loads(done.stdout):
        found.setdefault(finding["about"], []).append(finding)
    return done.returncode, found


def test_a_sound_deployment_is_well(closed_demo: Company, tmp_path: Path) -> None:
    company = closed_demo.copy_to(tmp_path)
    company.must("close", "2026-06")  # whatever other tests had it do last
    code, found = diagnosis(company)
    assert code == 0, found
    assert {"versions", "folder", "disk", "memory", "time", "landing", "plan", "warehouse", "ledger",
            "lock", "runs"} <= found.keys()  # fmt: skip
    assert "the last close ended" in found["runs"][0]["says"]


def test_what_is_wrong_is_said_with_what_to_do(closed_demo: Company, tmp_path: Path) -> None:
    company = closed_demo.copy_to(tmp_path / "copy")
    # a changed landing file, a package that was written in, a run that was killed, a clock set back
    path = sorted((company.landing / "hr" / "teams").glob("*"))[0]
    path.write_bytes(path.read_bytes() + b"\n")
    package = company.folder / "closes" / "2026-06" / "pay_ledger.csv"
    package.chmod(0o600)
    package.write_text(package.read_text().replace("1", "2", 1))
    (company.folder / "plumbline.building.duckdb").write_bytes(b"")
    with (company.folder / RUNS).open("a") as file:
        file.write(
            '{"at": "2999-01-01T00:00:00Z", "run": "x", "what": "build", "state": "begun"}\n{"at'
        )
    code, found = diagnosis(company, PLUMBLINE_MEMORY="a lot")
    assert code == 1
    bad = {
        about for about, all_of_it in found.items() if any(f["state"] == "bad" for f in all_of_it)
    }
    assert bad == {"landing", "ledger", "memory", "time"}
    assert "pay_ledger.csv was changed" in found["ledger"][0]["says"]
    assert "killed" in found["lock"][0]["says"]
    assert "did not end" in found["runs"][0]["says"]


def test_nothing_landed_and_nothing_built_is_no_traceback(tmp_path: Path) -> None:
    done = Company(tmp_path).plumbline("doctor")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "there is no" in done.stdout


def test_a_lost_warehouse_is_recovered_as_it_was(
    backed_up: tuple[Company, Path], tmp_path: Path
) -> None:
    company, file = backed_up
    lost = Company(tmp_path / "lost")
    shutil.copytree(company.landing, lost.landing)
    lost.must("recover", str(file))
    assert lost.marts() == company.marts()
    lost.must("verify")
    # nothing was posted twice, and nothing is to be posted
    assert "nothing was posted" in lost.must("close", "2026-06")


def test_a_backup_with_a_flipped_bit_is_refused_and_changes_nothing(
    backed_up: tuple[Company, Path], tmp_path: Path
) -> None:
    _, file = backed_up
    other = Company(tmp_path / "other")
    with tarfile.open(file) as tar:
        places = [
            (member.offset_data, member.size) for member in tar.getmembers() if member.size > 0
        ]
    content = bytearray(file.read_bytes())
    chance = random.Random(2)
    damaged = tmp_path / "damaged.tar"
    for _ in range(8):
        begin, size = chance.choice(places)
        place = begin + chance.randrange(size)
        content[place] ^= 1 << chance.randrange(8)
        damaged.write_bytes(content)
        done = other.plumbline("recover", str(damaged))
        assert done.returncode == 1, done.stdout
        assert "damaged.tar" in done.stderr
        assert "Traceback" not in done.stderr
        assert not other.warehouse.exists()
        content[:] = file.read_bytes()
    damaged.write_bytes(content[: len(content) // 2])
    assert other.plumbline("recover", str(damaged)).returncode == 1


def test_a_backup_cannot_write_elsewhere(backed_up: tuple[Company, Path], tmp_path: Path) -> None:
    _, file = backed_up
    odd = tmp_path / "odd.tar"
    with tarfile.open(file) as tar, tarfile.open(odd, "w") as to:
        for member in tar.getmembers():
            content = tar.extractfile(member)
            if member.name == "landed.json":
                member.name = "../outside.json"
            to.addfile(member, content)
    done = Company(tmp_path / "other").plumbline("recover", str(odd))
    assert done.returncode == 1
    assert not list(tmp_path.rglob("outside.json"))


def test_what_was_posted_since_is_not_lost_by_a_recovery(
    next_close: Company, backed_up: tuple[Company, Path], tmp_path: Path
) -> None:
    _, file = backed_up
    company = next_close.copy_to(tmp_path / "copy")
    before = company.warehouse.read_bytes()
    done = company.plumbline("recover", str(file))
    assert done.returncode == 1
    assert "2026-07 is not in the backup" in done.stderr
    assert company.warehouse.read_bytes() == before


def test_a_backup_is_never_overwritten(backed_up: tuple[Company, Path]) -> None:
    company, file = backed_up
    done = company.plumbline("backup", str(file))
    assert done.returncode == 1
    assert "there already" in done.stderr


def test_runs_say_how_they_ended(closed_demo: Company, tmp_path: Path) -> None:
    company = closed_demo.copy_to(tmp_path / "copy")
    path = sorted((company.landing / "hr" / "teams").glob("*"))[0]
    path.unlink()
    assert company.plumbline("build").returncode == 1
    lines = [json.loads(line) for line in (company.folder / RUNS).read_text().splitlines()]
    assert [line["state"] for line in lines[-2:]] == ["begun", "failed"]
    assert lines[-1]["run"] == lines[-2]["run"]
    assert "is gone" not in lines[-2]
    said = company.must("accept", str(path), "--by", "ann")
    assert "accepted by ann" in said


def test_a_file_that_is_changed_once_the_gate_has_seen_it_ends_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while the warehouse is still being copied: dbt would read what no gate has seen."""
    policy = shutil.copytree(PROJECT_DIR / "seeds" / "policy", tmp_path / "policy")
    company = Company(tmp_path / "company", policy)
    company.land("hr.teams", [{"team_id": "T1", "_loaded_at": "2026-08-02T00:00:00Z"}])
    table = sorted(policy.glob("*.csv"))[0]
    done = DbtResult(is_success=True)
    monkeypatch.setattr(DbtProcess, "run", lambda *_arguments, **_named: done)

    def change() -> None:
        table.write_text(table.read_text() + "\n")

    with pytest.raises(BuildError, match=rf"changed while they were read.*\n.*{table.name}"):
        build(
            company.settings, Request(), lambda _what: None, lambda *_: None, before_building=change
        )
    assert not company.warehouse.exists()


def test_a_build_without_room_says_so_before_it_begins(
    closed_demo: Company, tmp_path: Path
) -> None:
    code = (
        "import shutil, collections; from orchestration.lib import build;"
        "usage = collections.namedtuple('usage', 'total used free');"
        "shutil.disk_usage = lambda _path: usage(1, 1, 1_000_000);"
        "from orchestration.cli import main; main()"
    )
    done = closed_demo.copy_to(tmp_path).run(sys.executable, "-c", code, "build")
    assert done.returncode == 1
    assert "MB free, and a build may need" in done.stderr


def test_what_is_written_is_its_owners_alone_unless_asked_for(tmp_path: Path) -> None:
    for name, mask, expected in (("own", {}, 0o077), ("group", {"PLUMBLINE_UMASK": "027"}, 0o027)):
        company = Company(tmp_path / name)
        done = company.run(
            sys.executable,
            "-m",
            "orchestration.cli",
            "demo",
            "--payees",
            "20",
            "--months",
            "1",
            **mask,
        )
        assert done.returncode == 0, done.stderr
        modes = [path.stat().st_mode for path in company.landing.rglob("*")]
        assert modes and not any(mode & expected for mode in modes)
        assert (name == "own") or all(mode & 0o040 for mode in modes)
