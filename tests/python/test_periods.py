"""The life of a period: each step by whom, on what, and none that its state does not allow."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.period_events import digest_of, to_post
from tests.python.conftest import Company

JUNE = date(2026, 6, 1)


def steps(company: Company) -> list[dict[str, Any]]:
    text = (company.folder / "closes" / "events.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def refused(company: Company, said: str, *arguments: str) -> None:
    done = company.plumbline(*arguments)
    assert done.returncode == 1
    assert said in done.stderr.replace("\n", " ")


@pytest.fixture(scope="module")
def calculated(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The demo with a policy that asks for a review, and June calculated by ana."""
    company = Company(tmp_path_factory.mktemp("period"))
    policy = company.folder / "policy"
    shutil.copytree(PROJECT_DIR / "seeds" / "policy", policy)
    with (policy / "policy_settings.csv").open("a", encoding="utf-8") as file:
        file.write("close_needs_review,true\n")
    company = replace(company, policy=policy)
    company.must("demo")
    company.must("calculate", "2026-06", "--by", "ana")
    return company


def test_a_month_is_calculated_reviewed_by_another_closed_and_paid(
    calculated: Company, tmp_path: Path
) -> None:
    company = calculated.copy_to(tmp_path)
    refused(company, "2026-06 is calculated: the policy asks for a review", "close", "2026-06")
    refused(company, "ana calculated 2026-06: somebody else", "review", "2026-06", "--by", "ana")
    refused(company, "only what is closed is paid", "paid", "2026-06", "--by", "payroll")
    assert company.query("select count(*) from marts.fct_closes") == [(0,)]
    company.must("review", "2026-06", "--by", "ben")
    company.must("close", "2026-06", "--by", "cleo")
    manifest = json.loads((company.folder / "closes" / "2026-06" / "manifest.json").read_text())
    assert manifest["closed_by"] == "cleo"
    # What was calculated and reviewed is what was posted, to the byte.
    posted = manifest["files"]["pay_ledger.csv"]
    assert [step["facts"]["payable_sha256"] for step in steps(company)] == [posted, posted]
    assert steps(company)[0]["facts"]["totals"] == manifest["totals"]
    refused(
        company, "2026-06 is closed: what changes is posted", "calculate", "2026-06", "--by", "ana"
    )
    refused(
        company, "2026-06 is closed: only what was calculated", "review", "2026-06", "--by", "ana"
    )
    company.must("paid", "2026-06", "--by", "payroll", "--reference", "B-17")
    refused(company, "2026-06 is paid: only what is closed", "paid", "2026-06", "--by", "payroll")
    told = company.must("periods")
    for text in ("ana", "ben", "cleo", "payroll", posted[:12], "2026-06 is paid."):
        assert text in told
    assert "the ledger is theirs" in company.must("verify")


def test_what_was_reviewed_is_what_is_posted_or_nothing_is(
    calculated: Company, tmp_path: Path
) -> None:
    company = calculated.copy_to(tmp_path)
    company.must("review", "2026-06", "--by", "ben")
    company.land(
        "hr.pay_adjustments",
        [
            {
                "adjustment_id": "late",
                "employee_id": "Z06",
                "period_month": "2026-06-01",
                "amount": "0.01",
                "currency": "CNY",
                "reason": "late",
                "requested_by": "one",
                "approved_by": "other",
                "_loaded_at": "2026-07-02T00:00:00Z",
            }
        ],
    )
    refused(company, "is not what ben reviewed", "close", "2026-06", "--by", "cleo")
    assert company.query("select count(*) from marts.fct_pay_ledger") == [(0,)]
    assert not (company.folder / "closes" / "2026-06").exists()
    # What the review saw is no longer what the warehouse would post.
    company.must("build")
    refused(company, "would be posted otherwise by now", "review", "2026-06", "--by", "ben")
    company.must("calculate", "2026-06", "--by", "ana")
    refused(company, "2026-06 is calculated: the policy asks", "close", "2026-06", "--by", "cleo")
    company.must("review", "2026-06", "--by", "ben")
    company.must("close", "2026-06", "--by", "cleo")


@pytest.mark.parametrize("how", ["changed", "removed", "torn"])
def test_steps_that_were_changed_are_seen(calculated: Company, tmp_path: Path, how: str) -> None:
    company = calculated.copy_to(tmp_path)
    company.must("review", "2026-06", "--by", "ben")
    path = company.folder / "closes" / "events.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines = {
        "changed": [lines[0].replace('"ana"', '"eve"'), lines[1]],
        "removed": lines[1:],
        "torn": [lines[0], lines[1][:40]],
    }[how]
    path.write_text("".join(lines), encoding="utf-8")
    for command in (("periods",), ("review", "2026-06", "--by", "ben"), ("close", "2026-06")):
        refused(company, "it was changed, or one before it was", *command)


def test_a_month_that_is_not_over_is_not_calculated(calculated: Company, tmp_path: Path) -> None:
    company = calculated.copy_to(tmp_path)
    refused(company, "2026-07 is not over", "calculate", "2026-07", "--by", "ana")
    refused(
        company, "2026-05 is open: only what was calculated", "review", "2026-05", "--by", "ben"
    )
    assert [step["month"] for step in steps(company)] == ["2026-06"]


def test_without_a_review_in_the_policy_a_close_needs_none(closed_demo: Company) -> None:
    assert "2026-06 is closed." in closed_demo.must("periods")


def test_what_a_closed_month_would_have_posted_is_what_its_package_has(
    closed_demo: Company,
) -> None:
    manifest = json.loads((closed_demo.folder / "closes" / "2026-06" / "manifest.json").read_text())
    rows = to_post(closed_demo.warehouse, JUNE)
    assert digest_of(rows) == manifest["files"]["pay_ledger.csv"]
