"""A sample of the fault suite, by the same code (``make faults`` runs the whole of it)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.python import faults
from tests.python.conftest import Company

# How often in a test run; what takes a build each time seldom.
SAMPLE = {
    "altered_files": 15,
    "broken_files": 150,
    "tampered_ledger": 2,
    "tampered_packages": 10,
    "delivered_again": 20,
    "other_places": 1,
    "other_times": 1,
    "concurrent_commands": 1,
    "full_disks": 1,
    "killed_builds": 1,
    "killed_publications": 10,
    "builds_under_readers": 1,
}


@pytest.fixture(scope="module")
def to_be_closed(closed_demo: Company, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The closed demo, of which July is over."""
    company = closed_demo.copy_to(tmp_path_factory.mktemp("faults"))
    company.land("hr.teams", [{"team_id": "T-new", "_loaded_at": "2026-08-02T00:00:00Z"}])
    return company


@pytest.mark.parametrize("name", SAMPLE)
def test_what_may_happen_to_a_warehouse_changes_nothing_unseen(
    to_be_closed: Company, tmp_path: Path, name: str
) -> None:
    company = to_be_closed.copy_to(tmp_path.resolve() / "company")
    fault, _ = faults.FAULTS[name]
    try:
        seen = fault(company, SAMPLE[name], random.Random(7))
    except PermissionError as error:
        pytest.skip(f"this cannot be done here: {error}")
    assert sum(seen.values()) >= SAMPLE[name]


def test_every_fault_is_sampled_here_or_elsewhere() -> None:
    """Kills of closes at chosen moments are tests of packages (test_packages.py), and a soak is long."""
    assert faults.FAULTS.keys() - SAMPLE.keys() == {"killed_closes", "soak"}
