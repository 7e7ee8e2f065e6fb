"""What dbt does lean is what it does: each function that is replaced, beside dbt's own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.lib import lean_templates
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.lean_contexts import Names
from orchestration.lib.lean_templates import Templates


def test_a_name_is_made_when_it_is_asked_for_and_once() -> None:
    made: list[int] = []

    def doubled(value: int) -> int:
        made.append(value)
        return 2 * value

    names = Names(({"one": 1, "two": 2}, doubled), ({"two": -2, "three": -3}, doubled))
    assert names and not made
    assert "one" in names and "four" not in names
    assert (names["one"], names.get("two"), names.get("four", 0)) == (2, 4, 0)
    assert made == [1, 2], "the first source that knows a name has it"
    with pytest.raises(KeyError):
        names["four"]


def test_who_goes_through_all_names_finds_a_dict() -> None:
    names = Names(({"one": 1, "two": 2}, str), ({"two": -2, "three": -3}, str))
    names["one"] = "said"
    expected = {"one": "said", "two": "2", "three": "-3"}
    assert dict(names) == expected
    assert {**names} == expected
    assert len(names) == 3
    assert sorted(names) == sorted(expected)
    assert sorted(names.items()) == sorted(expected.items())
    assert sorted(names.values()) == sorted(expected.values())
    assert not Names()


def test_ephemeral_models_are_written_where_dbt_writes_them() -> None:
    program = """
from dbt import compilation
from dbt.contracts.graph.nodes import InjectedCTE
from orchestration.lib import lean_dbt

QUERIES = [
    "with a as (select 1) select * from a",
    "\\n-- with b as (\\n/* a *//* with c as ( */\\nWITH\\n\\n-- a note\\n"
    "a as (select 'with x as (' as b)\\nselect * from a\\n",
    "with recursive a as (select 1) select * from a",
    "select 1 as a",
    "/* one */ select 1 /* two */ as a",
    "-- nothing\\nselect * from (with a as (select 1) select * from a)",
]
CTES = [
    [InjectedCTE(id="one", sql=" one as (\\nselect 1\\n)")],
    [InjectedCTE(id=name, sql=f" {name} as (\\nwith x as (select 2) select * from x\\n)") for name in "pq"],
    [],
]
def injected():
    return [compilation.inject_ctes_into_sql(query, ctes) for query in QUERIES for ctes in CTES]

before = injected()
lean_dbt._parse_no_sql_to_inject()
assert injected() == before
# It is its own that has been asked.
import sqlparse
sqlparse.parse = None
compilation.inject_ctes_into_sql(QUERIES[1], CTES[0])
"""
    _run(program)


def test_a_file_is_written_where_it_says_something_else(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from dbt.contracts.graph import nodes
from orchestration.lib import lean_dbt

lean_dbt._write_no_file_twice()
file = Path(sys.argv[1]) / "folder" / "a.sql"
nodes.write_file(str(file), "one")
first = file.stat()
nodes.write_file(str(file), "one")
assert file.stat().st_ino == first.st_ino
nodes.write_file(str(file), "two")
assert file.read_text() == "two"
"""
    _run(program, str(tmp_path))


def test_templates_are_compiled_once_and_kept_for_the_compiler_that_made_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lean_templates, "KEPT_AS", tmp_path / "templates")
    asked: list[str] = []

    class Compiler:
        def compile(self, source: str) -> object:
            asked.append(source)
            return compile(repr(source), "a", "eval")

    monkeypatch.setattr(lean_templates, "_environment", lambda _is_native: Compiler())

    def compiled() -> list[str]:
        asked.clear()
        templates = Templates()
        assert [eval(templates.code(name, False)) for name in ("a", "b", "a")] == ["a", "b", "a"]
        templates.keep()
        return asked

    assert compiled() == ["a", "b"]
    assert compiled() == []
    Templates().code("a", True)
    assert asked == ["a"], "natively it is another"
    monkeypatch.setattr(lean_templates, "COMPILERS", ["another"])
    assert compiled() == ["a", "b"]
    kept = (tmp_path / "templates").read_bytes()
    (tmp_path / "templates").write_bytes(kept[:-1])
    assert compiled() == ["a", "b"]


def test_no_more_templates_are_kept_than_a_project_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lean_templates, "KEPT_AS", tmp_path / "templates")
    monkeypatch.setattr(lean_templates, "TEMPLATES_KEPT", 2)
    for names in ("ab", "c"):
        templates = Templates()
        for name in names:
            templates.code(name, False)
        templates.keep()
    assert len(Templates()._kept) == 1


def _run(program: str, *arguments: str) -> None:
    """A program in a process of its own: it is dbt's own functions that are replaced."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=PROJECT_DIR, env={**os.environ}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
