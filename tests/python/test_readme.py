"""The README's commands do what it says."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from orchestration.lib.contract import PROJECT_DIR
from tests.python.conftest import Company

README = PROJECT_DIR / "README.md"
# `make test` is this very run. `make ui` and `make bi` serve until they are stopped: test_dagster loads
# what the one serves, tests/bi opens the other. The docs site and the examples have tests of their own.
ELSEWHERE = {
    "make test",
    "make docs",
    "make spark",
    "make ui",
    "make bi",
    "make example-adventureworks",
    "make example-ravenstack",
}


def commands() -> list[str]:
    """Every line of the README's bash blocks."""
    blocks = re.findall(r"```bash\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def test_the_readme_names_the_two_commands() -> None:
    assert "make close" in commands()
    assert "make test" in commands()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return Company(tmp_path_factory.mktemp("readme"))


def test_the_readmes_commands_run_in_its_order(company: Company) -> None:
    path = f"{Path(sys.executable).parent}:{company.environment['PATH']}"
    for command in commands():
        if command in ELSEWHERE:
            continue
        # What serves would never end, and neither would this.
        assert not command.startswith("make ") or command == "make close", command
        words = shlex.split(command.replace(".venv/bin/", ""))
        done = company.run(*words, PATH=path)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def test_the_makefile_prints_help_by_default(company: Company) -> None:
    done = company.run("make", "--no-print-directory")
    assert done.returncode == 0
    for target in ("close", "test", "lint", "ui", "example-adventureworks"):
        assert f"make {target}" in done.stdout


def test_the_readmes_figures_are_the_demos(closed_demo: Company) -> None:
    """The ledger totals that the README shows are those a close of the demo posts."""
    text = README.read_text(encoding="utf-8")
    totals = closed_demo.query(
        "select component, currency, sum(amount) from marts.fct_pay_ledger group by all"
    )
    assert totals
    for component, currency, amount in totals:
        assert re.search(rf"{component} +{currency} .*{amount:,.2f}", text), (component, currency)


def test_the_marts_table_names_every_public_mart(closed_demo: Company) -> None:
    text = README.read_text(encoding="utf-8")
    for (name,) in closed_demo.query(
        "select table_name from duckdb_tables() where schema_name = 'marts'"
    ):
        assert f"`{name}`" in text, name


def test_every_local_link_of_the_docs_leads_somewhere() -> None:
    folders = [PROJECT_DIR / name for name in ("docs", "examples", "benchmarks")]
    pages = [
        *PROJECT_DIR.glob("*.md"),
        *(page for folder in folders for page in folder.rglob("*.md")),
    ]
    assert len(pages) >= 6
    for page in pages:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), (page.name, link)
