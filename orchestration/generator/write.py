"""Writes generated tables into a landing folder: CSV where people may want to look, else Parquet."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from orchestration.lib.contract import landing_tables

CSV_SYSTEMS = frozenset({"hr"})

ARROW_TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


def arrow_type(data_type: str) -> pa.DataType:
    """The Arrow type of a contract type such as ``decimal(18,4)``."""
    if data_type.startswith("decimal"):
        precision, scale = data_type.removeprefix("decimal(").rstrip(")").split(",")
        return pa.decimal128(int(precision), int(scale))
    return ARROW_TYPES[data_type]


class LandingWriter:
    """Appends files to a landing folder, in contract order and types, and counts the rows."""

    def __init__(self, landing: Path) -> None:
        self.landing = landing
        self.rows: Counter[str] = Counter()

    def write(self, name: str, columns: dict[str, Any], part: str) -> None:
        """Write one file of table ``name`` (``crm.accounts``); absent columns are null."""
        table = landing_tables()[name]
        count = len(next(iter(columns.values())))
        if count == 0:
            return
        arrays = {}
        for column in table.columns:
            wanted = arrow_type(column.data_type)
            if column.name == "_deleted" and "_deleted" not in columns:
                continue
            given = columns.get(column.name)
            array = pa.nulls(count, wanted) if given is None else given
            if not isinstance(array, (pa.Array, pa.ChunkedArray)):
                array = pa.array(array)
            arrays[column.name] = array.cast(wanted)
        unknown = set(columns) - set(table.column_names)
        if unknown:
            raise ValueError(f"{name} has no column {', '.join(sorted(unknown))}")
        folder = self.landing / table.system / table.name
        folder.mkdir(parents=True, exist_ok=True)
        frame = pa.table(arrays)
        if table.system in CSV_SYSTEMS:
            pa_csv.write_csv(frame, folder / f"{part}.csv")
        else:
            pq.write_table(frame, folder / f"{part}.parquet", compression="zstd")
        self.rows[name] += count

    def write_rows(self, name: str, rows: list[dict[str, Any]], part: str) -> None:
        """As ``write``, from a list of rows; keys missing in a row are null."""
        names = list(dict.fromkeys(key for row in rows for key in row))
        types = {column.name: column.data_type for column in landing_tables()[name].columns}
        columns = {
            key: pa.array([row.get(key) for row in rows], arrow_type(types[key])) for key in names
        }
        if columns:
            self.write(name, columns, part)
