"""Writes the table and the plot of the benchmarks from ``benchmarks/results.json``: medians per task."""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from itertools import pairwise
from statistics import median
from typing import Any

from benchmarks.plot import plot
from orchestration.lib.contract import PROJECT_DIR

FOLDER = PROJECT_DIR / "benchmarks"
BEGIN, END = "<!-- table -->", "<!-- end of table -->"
TASKS = [
    "scan",
    "hand-written script",
    "every mart in plain SQL",
    "pandas",
    "the script's marts, built",
    "full build",
    "close of a month",
    "close of a restated month",
    "restating 12 months",
]
MEGABYTE = 1_000_000


def medians(runs: list[dict[str, Any]]) -> dict[tuple[str, int], dict[str, float]]:
    """Median wall, CPU and memory, and the number of runs, by task and size."""
    grouped: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for run in runs:
        grouped[run["task"], run["size"]].append(run)
    return {
        key: {"runs": len(found)}
        | {name: median(run[name] for run in found) for name in ("wall", "cpu", "memory")}
        for key, found in grouped.items()
    }


def exponent(smaller: float, larger: float, ratio: float) -> float:
    """b of x ** b: how a quantity grows with the size."""
    return math.log(larger / smaller) / math.log(ratio)


def table(kept: dict[str, Any]) -> str:
    """The figures as Markdown, with the machine and the growth from each size to the next."""
    found = medians(kept["runs"])
    sizes = sorted({size for _, size in found})
    about = kept["about"]
    lines = [
        f"{about['machine']}; Python {about['python']}, DuckDB {about['duckdb']}, dbt {about['dbt']}.",
        "",
        "| task | size | runs | seconds | CPU seconds | peak memory | of a full build | of its CPU |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for task in TASKS:
        for size in sizes:
            one = found.get((task, size))
            if one is None:
                continue
            whole = found.get(("full build", size))
            shares = [f"{one[n] / whole[n]:.0%}" if whole else "" for n in ("wall", "cpu")]
            lines.append(
                f"| {task} | {size} | {one['runs']:.0f} | {one['wall']:.1f} | {one['cpu']:.1f} |"
                f" {one['memory'] / MEGABYTE:,.0f} MB | {shares[0]} | {shares[1]} |"
            )
    lines += ["", "| growth of a full build | CPU | memory |", "|---|---:|---:|"]
    for smaller, larger in pairwise(sizes):
        first, second = (found.get(("full build", size)) for size in (smaller, larger))
        if first and second:
            grown = [exponent(first[n], second[n], larger / smaller) for n in ("cpu", "memory")]
            lines.append(f"| {smaller} to {larger}, exponent | {grown[0]:.2f} | {grown[1]:.2f} |")
    return "\n".join(lines)


def main() -> None:
    page = FOLDER / "README.md"
    kept = json.loads((FOLDER / "results.json").read_text())
    text = page.read_text(encoding="utf-8")
    whole = re.compile(f"{BEGIN}.*?{END}", re.DOTALL)
    page.write_text(whole.sub(lambda _: f"{BEGIN}\n{table(kept)}\n{END}", text), encoding="utf-8")
    plot(medians(kept["runs"]), FOLDER / "builds.svg")


if __name__ == "__main__":
    main()
