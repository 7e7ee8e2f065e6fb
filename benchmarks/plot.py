"""The plot of the README: seconds by size, from the medians of ``benchmarks/results.json``."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

# The order in which lines are named, with colours that are told apart without seeing red and green.
LINES = {
    "pandas": "#cc79a7",
    "full build": "#0072b2",
    "every mart in plain SQL": "#e69f00",
    "restating 12 months": "#56b4e9",
    "close of a month": "#009e73",
    "close of a restated month": "#d55e00",
    "scan": "#888888",
}


def plot(found: dict[tuple[str, int], dict[str, float]], file: Path) -> None:
    """Draw medians by (task, size) into an SVG file, the same bytes for the same figures."""
    mpl.rcParams["svg.hashsalt"] = "plumbline"
    figure = Figure(figsize=(7.5, 4.2), layout="constrained")
    axes = figure.subplots()
    sizes = sorted({size for _, size in found})
    for task, colour in LINES.items():
        points = [(size, found[task, size]["wall"]) for size in sizes if (task, size) in found]
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", color=colour, label=task)
    axes.set(xscale="log", yscale="log", xlabel="activities, millions", ylabel="seconds")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(visible=True, alpha=0.3)
    axes.legend(frameon=False, fontsize="small")
    figure.savefig(file, format="svg", metadata={"Date": None})
