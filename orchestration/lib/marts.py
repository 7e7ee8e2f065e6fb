"""The public marts as the project's YAML describes them: columns, words, and whose the rows are.

A mart's ``meta.access`` is its kind for ``policy_mart_access``; ``meta.payee_column`` names the column that
holds whose row it is, where that is not ``employee_id``. A column's ``meta.sensitivity`` is ``pay``,
``personal`` or ``identity`` (who somebody is, as an identifier or within one).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from orchestration.lib.contract import PROJECT_DIR

SENSITIVITIES = ("pay", "personal", "identity")
PAYEE = "employee_id"
# The month that a row is about, the first of these that a mart has.
MONTHS = ("period_month", "posting_month", "statement_month")
LINES = "fct_reporting_lines"


@dataclass(frozen=True)
class Column:
    """A column of a mart; ``sensitivity`` is empty where anybody who sees the row may see it."""

    name: str
    description: str
    sensitivity: str


@dataclass(frozen=True)
class Mart:
    """A public mart; ``access`` is empty where its YAML has forgotten it."""

    name: str
    description: str
    access: str
    columns: tuple[Column, ...]
    named_payee_column: str | None

    @property
    def payee_column(self) -> str | None:
        """The column that holds whose row it is, or None where rows are nobody's."""
        if self.named_payee_column is not None:
            return self.named_payee_column
        return PAYEE if PAYEE in self.column_names else None

    @property
    def month_column(self) -> str | None:
        """The column with the month that a row is about, or None."""
        return next((month for month in MONTHS if month in self.column_names), None)

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]


def described_marts() -> dict[str, Mart]:
    """Every mart that the project's YAML describes, by name."""
    found = {}
    for path in sorted((PROJECT_DIR / "models" / "marts").rglob("*.yml")):
        content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        nodes = list(content.get("models", []))
        for source in content.get("sources", []):
            nodes += source["tables"] if source.get("schema") == "marts" else []
        for node in nodes:
            meta = _meta(node)
            found[node["name"]] = Mart(
                name=node["name"],
                description=node.get("description", "").strip(),
                access=meta.get("access", ""),
                columns=tuple(
                    Column(
                        column["name"],
                        column.get("description", ""),
                        _meta(column).get("sensitivity", ""),
                    )
                    for column in node.get("columns", [])
                ),
                named_payee_column=meta.get("payee_column"),
            )
    return found


def _meta(node: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = node.get("config", {}).get("meta", {})
    return found
