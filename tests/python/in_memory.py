"""The models without a build: what dbt compiles of them, run in memory on the rows of a small company.

A model that is built by month is written for all of history (docs/months.md), so its compiled SQL is
the model. A company of a year takes about a second.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from orchestration.generator.reference_arithmetic import cast
from orchestration.generator.reference_pay import PayReference
from orchestration.lib.contract import PROJECT_DIR, landing_tables, policy_tables
from tests.python.conftest import DBT, TARGET, Company

POLICY = PROJECT_DIR / "seeds" / "policy"

# Landed rows by table (``crm.accounts``), as text; what a table lacks is null. A plan table
# (``policy.policy_plans``) that is not among them is the demo's.
Rows = Mapping[str, list[dict[str, Any]]]


def policy_rows(name: str) -> list[dict[str, Any]]:
    """The demo's rows of a plan table, as text."""
    with (POLICY / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class InMemoryReference(PayReference):
    """The independent reckoning of rows that were never written to a file."""

    def __init__(self, rows: Rows, policy: Path = POLICY) -> None:
        super().__init__(Path("nowhere"), policy)
        self.landed = rows
        for name, table in policy_tables().items():
            if f"policy.{name}" in rows:
                types = {column.name: column.data_type for column in table.columns}
                self.policy[name] = [
                    {key: cast(value, types[key]) for key, value in row.items()}
                    for row in rows[f"policy.{name}"]
                ]

    def _raw(self, name: str) -> list[dict[str, Any]]:
        return self.landed.get(name, [])


class Models:
    """Every model that ``wanted`` is made from, compiled once, to be run for any company."""

    def __init__(self, company: Company, wanted: list[str]) -> None:
        target = TARGET / "in-memory"
        selected = " ".join(f"+{name}" for name in wanted)
        done = company.run(
            DBT, "compile", "--quiet", "--target-path", str(target), "--select", *selected.split()
        )
        assert done.returncode == 0, done.stdout + done.stderr
        manifest = json.loads((target / "manifest.json").read_text())
        self.nodes = [
            node
            for node in manifest["nodes"].values()
            if node["resource_type"] == "model"
            and node.get("compiled_code")
            and node["config"]["materialized"] != "ephemeral"
        ]
        self._sort(manifest["nodes"])

    def _sort(self, nodes: dict[str, Any]) -> None:
        """Parents first, ephemeral ones looked through."""
        depth: dict[str, int] = {}

        def depth_of(name: str) -> int:
            if name not in depth:
                node = nodes.get(name)
                parents = node["depends_on"].get("nodes", []) if node else []
                depth[name] = 1 + max((depth_of(parent) for parent in parents), default=0)
            return depth[name]

        self.nodes.sort(key=lambda node: (depth_of(node["unique_id"]), node["unique_id"]))

    def run(self, rows: Rows) -> duckdb.DuckDBPyConnection:
        """A database in memory with every model built from these rows."""
        connection = duckdb.connect()
        connection.execute("set TimeZone = 'UTC'; set threads = 1")
        connection.execute("attach ':memory:' as plumbline; use plumbline")
        for schema in ("crm", "billing", "hr", "policy", "staging", "intermediate", "marts"):
            connection.execute(f"create schema {schema}")
        for table in landing_tables().values():
            columns = ", ".join(f'"{column}" varchar' for column in table.column_names)
            connection.execute(f"create table {table.full_name} ({columns})")
            landed = [
                [row.get(column) for column in table.column_names]
                for row in rows.get(table.full_name, [])
            ]
            if landed:
                marks = ", ".join("?" for _ in table.column_names)
                connection.executemany(f"insert into {table.full_name} values ({marks})", landed)
        for seed in policy_tables().values():
            types = {column.name: column.data_type for column in seed.columns}
            columns = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
            connection.execute(f"create table policy.{seed.name} ({columns})")
            given = rows.get(f"policy.{seed.name}")
            plan_rows = policy_rows(seed.name) if given is None else given
            values = [[row[name] or None for name in types] for row in plan_rows]
            if values:
                marks = ", ".join("?" for _ in types)
                connection.executemany(f"insert into policy.{seed.name} values ({marks})", values)
        for node in self.nodes:
            kind = "view" if node["config"]["materialized"] == "view" else "table"
            connection.execute(f"create {kind} {node['relation_name']} as {node['compiled_code']}")
        return connection
