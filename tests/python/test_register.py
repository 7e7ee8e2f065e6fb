"""A landed file is what it was, or it is refused and named until somebody accepts it."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path

import pytest

from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.gate import check_once
from orchestration.lib.problem import Problem
from orchestration.lib.register import REGISTER, Register
from tests.python.conftest import Company

POLICY = PROJECT_DIR / "seeds" / "policy"
ROW = {"team_id": "T1", "team_name": "North", "_loaded_at": "2026-06-01T00:00:00Z"}


@pytest.fixture
def company(tmp_path: Path) -> Company:
    found = Company(tmp_path)
    found.land("hr.teams", [ROW, {**ROW, "team_id": "T2"}], part="june")
    assert door(found) == []
    return found


def door(company: Company, *, is_thorough: bool = True) -> list[Problem]:
    remembered = company.folder / "gate.json"
    return check_once(company.landing, POLICY, remembered, is_thorough=is_thorough)


def landed(company: Company) -> Path:
    return company.landing.resolve() / "hr" / "teams" / "june.csv"


def test_a_flipped_bit_is_found_though_size_and_time_are_as_they_were(company: Company) -> None:
    path = landed(company)
    content, before = path.read_bytes(), path.stat()
    chance = random.Random(1)
    for _ in range(50):
        place, bit = chance.randrange(len(content)), 1 << chance.randrange(8)
        path.write_bytes(content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :])
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        [problem] = door(company)
        assert problem.path == path
        assert "SHA-256" in str(problem)
    path.write_bytes(content)
    assert door(company) == []


def test_a_file_that_was_touched_and_not_changed_is_the_same(company: Company) -> None:
    landed(company).touch()
    assert door(company, is_thorough=False) == []


def test_a_rewritten_file_is_refused_by_a_quick_look_too(company: Company) -> None:
    company.land("hr.teams", [ROW], part="june")
    assert len(door(company, is_thorough=False)) == 1


def test_a_file_that_is_gone_is_refused(company: Company) -> None:
    landed(company).unlink()
    [problem] = door(company)
    assert "is gone" in str(problem)


def test_what_somebody_accepts_is_taken_and_written_down(company: Company) -> None:
    path = landed(company)
    company.land("hr.teams", [ROW], part="june")
    register = Register(company.landing, company.folder / REGISTER)
    [accepted] = register.accept([path], by="ann")
    assert (accepted.file, accepted.by) == ("hr/teams/june.csv", "ann")
    assert accepted.now == hashlib.sha256(path.read_bytes()).hexdigest()
    assert door(company) == []
    path.unlink()
    register = Register(company.landing, company.folder / REGISTER)
    [gone] = register.accept([path], by="bob")
    assert (gone.now, door(company)) == (None, [])
    kept = Register(company.landing, company.folder / REGISTER).accepted
    assert [entry.by for entry in kept] == ["ann", "bob"]


def test_a_file_elsewhere_or_never_landed_cannot_be_accepted(company: Company) -> None:
    register = Register(company.landing, company.folder / REGISTER)
    other = company.folder / "other.csv"
    other.write_text("x\n")
    assert register.accept([other, landed(company).with_name("no.csv"), landed(company)], "a") == []


@pytest.mark.parametrize("named", ["{digest}  july.csv\n", "{digest}"])
def test_a_checksum_that_comes_with_a_file_is_held_against_it(company: Company, named: str) -> None:
    path = company.land("hr.teams", [{**ROW, "team_id": "T3"}], part="july")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    checksum = path.with_name("july.csv.sha256")
    checksum.write_text(named.format(digest="0" * 64))
    [problem] = door(company)
    assert "july.csv.sha256 says 000000000000" in str(problem)
    checksum.write_text(named.format(digest=digest))
    assert door(company) == []


def test_a_refused_file_may_be_landed_again_under_its_name(company: Company) -> None:
    path = company.land("hr.teams", [ROW], part="july")
    whole = path.read_text()
    path.write_text("team\n")
    assert len(door(company)) == len(whole.split("\n")[0].split(",")) - 1  # all but _deleted
    path.write_text(whole)
    assert door(company) == []


def test_a_register_that_was_torn_is_begun_anew(company: Company) -> None:
    (company.folder / REGISTER).write_text('{"files": {"hr/')
    (company.folder / "gate.json").write_text("")
    assert door(company) == []
    assert (company.folder / REGISTER).stat().st_mode & 0o077 == 0


def test_a_landing_may_be_moved_as_a_whole(company: Company, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    company.landing.rename(moved)
    assert check_once(moved, POLICY, company.folder / "gate.json", is_thorough=True) == []
