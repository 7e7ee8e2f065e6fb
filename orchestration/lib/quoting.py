"""Names and texts that do not come from the project, as pieces of SQL, where DuckDB takes no parameter."""

from __future__ import annotations


def literal(text: str) -> str:
    """A text as a string of SQL."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """The name of a table, column or database, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
