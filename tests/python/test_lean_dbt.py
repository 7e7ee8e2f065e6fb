"""What dbt does lean is what it does: each function that is replaced, beside dbt's own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from orchestration.lib import lean_templates
from orchestration.lib.lean_contexts import Names
from orchestration.lib.lean_templates import Templates
from tests.python.conftest import Company


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


def test_ephemeral_models_are_written_where_dbt_writes_them(tmp_path: Path) -> None:
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
    _run(Company(tmp_path), program)


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
    _run(Company(tmp_path), program, str(tmp_path))


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


def test_only_what_dbt_says_for_its_own_debugging_is_left_unsaid(tmp_path: Path) -> None:
    program = """
import gc
from dbt_common.events.event_manager_client import add_callback_to_manager
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note
from dbt.adapters.events.types import NewConnection
from orchestration.lib.lean_dbt import GARBAGE_THRESHOLDS, make_lean

heard = []
add_callback_to_manager(lambda message: heard.append(message.info.name))
def say_all():
    heard.clear()
    fire_event(NewConnection(conn_name="x", conn_type="duckdb"))
    fire_event(Note(msg="a note"))
    return list(heard)
assert say_all() == ["NewConnection", "Note"], heard
make_lean()
assert say_all() == ["Note"], heard
assert gc.get_threshold() == GARBAGE_THRESHOLDS
"""
    _run(Company(tmp_path), program)


def test_what_dbt_compiles_lean_is_what_it_compiles(tmp_path: Path) -> None:
    """Every model, seed and test, without it and with it."""
    program = """
import json
import os
from types import SimpleNamespace
from dbt.cli.main import dbtRunner
from dbt.context.macros import MacroNamespaceBuilder
from orchestration.lib.dbt_run import FOLDERS
from orchestration.lib.dbt_worker import _parse
from orchestration.lib.lean_dbt import make_lean
from orchestration.lib.parsed_project import parsed_project

# It says when it was compiled.
ANOTHER_EACH_TIME = "model.plumbline.fct_closes"

def namespaces():
    layouts = {}
    packages = {
        "dbt": {"one": "dbt.one", "two": "dbt.two", "three": "dbt.three"},
        "dbt_duckdb": {"two": "duckdb.two", "three": "duckdb.three"},
        "ours": {"three": "ours.three", "four": "ours.four"},
        "theirs": {"four": "theirs.four", "one": "theirs.one"},
    }
    macros = {
        package: {name: SimpleNamespace(unique_id=said, name=name, package_name=package)
            for name, said in found.items()}
        for package, found in packages.items()
    }
    for searched in ("ours", "theirs"):
        builder = MacroNamespaceBuilder("ours", searched, None, ["dbt_duckdb", "dbt"], None)
        found = builder.build_namespace(macros, {})
        layouts[searched] = {
            **{name: found[name].macro.unique_id for name in ("one", "two", "three", "four")},
            "dbt.three": found["dbt"]["three"].macro.unique_id,
            "theirs.one": found.get_from_package("theirs", "one").macro.unique_id,
            "names": sorted(found),
        }
    return layouts

def compiled():
    manifest = parsed_project(_parse, os.environ)
    done = dbtRunner(manifest=manifest).invoke(["--quiet", "compile", *FOLDERS])
    assert done.success, done.exception
    return {
        result.node.unique_id: (result.node.compiled_code, result.node.depends_on.to_dict())
        for result in done.result.results
        if result.node.resource_type != "operation" and result.node.unique_id != ANOTHER_EACH_TIME
    }

before = namespaces(), compiled()
make_lean()
after = namespaces(), compiled()
assert before == after
print(json.dumps({"nodes": len(after[1]), "layouts": after[0]}))
"""
    said = json.loads(_run(Company(tmp_path), program).splitlines()[-1])
    assert said["nodes"] > 600
    assert said["layouts"]["theirs"]["four"] == "theirs.four"
    assert said["layouts"]["ours"]["two"] == "duckdb.two"


def _run(company: Company, program: str, *arguments: str) -> str:
    """What a program prints in a process of its own: it is dbt's own methods that are replaced."""
    done = company.run(sys.executable, "-c", program, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout
