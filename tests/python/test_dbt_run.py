"""What the process in which dbt works says when something is wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from orchestration.lib.dbt_run import run_steps
from tests.python.conftest import Company


def test_what_dbt_refuses_is_told_without_a_traceback(tmp_path: Path) -> None:
    result = run_steps([["build", "--no-such-flag"]], Company(tmp_path).environment)
    assert not result.is_success
    assert any("no-such-flag" in error for error in result.errors)
    assert not any("Traceback" in error for error in result.errors)


def test_a_worker_that_breaks_off_is_a_failure_that_says_why(tmp_path: Path) -> None:
    environment = {**Company(tmp_path).environment}
    del environment["PLUMBLINE_WAREHOUSE"]
    heard: list[int] = []
    result = run_steps(["cuts"], environment, told=heard.append)
    assert heard == [0]
    assert not result.is_success
    assert result.errors[0] == "dbt ended with exit code 1"


def test_a_node_that_fails_is_named_and_the_steps_after_it_do_not_run(tmp_path: Path) -> None:
    # Nothing has been built there, so a data test finds no table.
    heard: list[int] = []
    result = run_steps(
        [["test", "--select", "primary_key_policy_bonuses_bonus_id"], ["parse"]],
        Company(tmp_path).environment,
        told=heard.append,
    )
    assert heard == [0]
    assert not result.is_success
    assert any("policy_bonuses" in error for error in result.errors)


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
