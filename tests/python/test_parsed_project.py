"""What dbt has read of the project is kept for as long as nothing of it changes."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import Macro
from dbt.node_types import NodeType

from orchestration.lib import parsed_project
from orchestration.lib.build import Request
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.parsed_project import KEPT
from tests.python.conftest import TARGET, parsed

HERE = {"PLUMBLINE_WAREHOUSE": "/a/plumbline.duckdb", "PLUMBLINE_LANDING": "/a", "HOME": "/a"}


class Reader:
    """Stands for dbt: counts how often it is asked to read the project."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Manifest:
        self.times += 1
        macro = Macro(
            name="twice",
            resource_type=NodeType.Macro,
            package_name="plumbline",
            path="twice.sql",
            original_file_path="macros/twice.sql",
            unique_id="macro.plumbline.twice",
            macro_sql="{% macro twice(x) %}2 * {{ x }}{% endmacro %}",
        )
        return Manifest(
            macros={macro.unique_id: macro}, env_vars={"PLUMBLINE_POLICY": "seeds/policy"}
        )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of few files, and a folder of its own to keep in."""
    for name in ("dbt_project.yml", "profiles/profiles.yml", "models/a.sql", "seeds/policy/p.csv"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    monkeypatch.setattr(parsed_project, "PROJECT_DIR", tmp_path)
    monkeypatch.setattr(parsed_project, "KEPT_IN", tmp_path / "target" / "parsed")
    return tmp_path


def kept(project: Path) -> list[Path]:
    return sorted((project / "target" / "parsed").iterdir())


def test_a_project_that_has_not_changed_is_read_once_wherever_it_builds(project: Path) -> None:
    reader = Reader()
    first = parsed_project.parsed_project(reader, HERE)
    for places in ({}, {"PLUMBLINE_LANDING": "/b", "PLUMBLINE_WAREHOUSE": "/b/plumbline.duckdb"}):
        again = parsed_project.parsed_project(reader, {**HERE, **places})
        assert again.to_dict() == first.to_dict()
        assert again.macros and again.env_vars
    assert reader.times == 1
    assert len(kept(project)) == 1


@pytest.mark.parametrize(
    "name", ["dbt_project.yml", "models/a.sql", "models/new.yml", "seeds/policy/p.csv"]
)
def test_a_file_that_is_changed_or_new_is_read(project: Path, name: str) -> None:
    reader = Reader()
    parsed_project.parsed_project(reader, HERE)
    (project / name).write_text("another")
    parsed_project.parsed_project(reader, HERE)
    assert reader.times == 2


@pytest.mark.parametrize(
    "other",
    [
        {"PLUMBLINE_POLICY": "examples"},
        {"PLUMBLINE_ROWS_PER_TEST": "1"},
        {"PLUMBLINE_WAREHOUSE": "/a/other.duckdb"},
        {"DBT_TARGET": "spark"},
    ],
)
@pytest.mark.usefixtures("project")
def test_what_a_project_may_say_otherwise_is_read_anew(other: dict[str, str]) -> None:
    reader = Reader()
    parsed_project.parsed_project(reader, HERE)
    parsed_project.parsed_project(reader, {**HERE, **other})
    assert reader.times == 2


def test_what_a_run_is_asked_for_is_nothing_that_dbt_reads(manifest: dict[str, Any]) -> None:
    """One project serves every month and every instant: dbt makes the same of it, whatever is asked."""
    told: dict[str, str] = {}
    everything = Request("2026-05-31 12:00:00", 5, date(2026, 5, 1))
    everything.tell(told, PROJECT_DIR / "seeds" / "policy")
    assert set(told) == parsed_project.ASKED
    asked = parsed(TARGET / "manifest-asked", **told)
    assert asked["nodes"].keys() == manifest["nodes"].keys()
    assert said(asked) == said(manifest)


def said(manifest: dict[str, Any]) -> dict[str, Any]:
    """What dbt has made of the project, but for when, how often a node names what it reads, and macros."""

    def settled(name: str, value: Any) -> Any:
        if name == "depends_on":
            return value.get("nodes")
        if name in ("refs", "sources") and isinstance(value, list):
            return sorted({json.dumps(read, sort_keys=True) for read in value})
        if isinstance(value, dict):
            return {key: settled(key, part) for key, part in value.items() if key != "created_at"}
        return [settled("", part) for part in value] if isinstance(value, list) else value

    return {name: settled(name, part) for name, part in manifest.items() if name != "metadata"}


def test_what_changed_while_it_was_read_is_not_kept(project: Path) -> None:
    reader = Reader()

    def read_while_somebody_writes() -> Manifest:
        (project / "models" / "a.sql").write_text("another")
        return reader()

    parsed_project.parsed_project(read_while_somebody_writes, HERE)
    (project / "models" / "a.sql").write_text("models/a.sql")
    parsed_project.parsed_project(reader, HERE)
    assert reader.times == 2


def test_a_kept_file_that_is_not_whole_is_made_anew(project: Path) -> None:
    reader = Reader()
    parsed_project.parsed_project(reader, HERE)
    [file] = kept(project)
    whole = file.read_bytes()
    for content in (b"", whole[:-1], whole[:50] + bytes([whole[50] ^ 1]) + whole[51:]):
        file.write_bytes(content)
        found = parsed_project.parsed_project(reader, HERE)
        assert list(found.macros) == ["macro.plumbline.twice"]
    assert reader.times == 4
    assert kept(project) == [file]


def test_what_was_not_used_for_longest_makes_room(project: Path) -> None:
    for number in range(KEPT + 3):
        parsed_project.parsed_project(Reader(), {**HERE, "DBT_TARGET": str(number)})
    assert len(kept(project)) == KEPT
