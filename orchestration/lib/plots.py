"""Pictures of a close as SVG that takes the page's colours, the same bytes for the same figures."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

# Imported where it draws: it takes longer than all else that a command imports, and few commands draw.
if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Told apart without seeing red and green, and legible on white and on black.
BLUE, ORANGE, GREY = "#3d85c6", "#d98324", "#8a8f98"
COLOURS = (BLUE, ORANGE, "#2a9d8f", "#b565a7", GREY)
# What is drawn in this colour takes that of the text around the picture.
INK = "#010203"
# matplotlib types the names of its settings by a list of them.
SETTINGS: Any = {
    "svg.hashsalt": "plumbline",
    "svg.fonttype": "none",
    "font.size": 9,
    **dict.fromkeys(
        ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK
    ),
    "axes.spines.top": False,
    "axes.spines.right": False,
}
MOST_MOVES = 8
# As far as curves are drawn.
MOST_ATTAINED = 3


def histogram(values: Sequence[float], what: str, unit: str, mark: float | None = None) -> str:
    """How many ``what`` lie where; a dashed line at ``mark``."""

    def draw(axes: Axes) -> None:
        axes.hist(values, bins=min(24, max(4, len(set(values)))), color=BLUE)
        axes.set(xlabel=unit, ylabel=what)
        _thousands(axes)
        if mark is not None:
            axes.axvline(mark, color=ORANGE, linestyle="--", linewidth=1)

    return _svg(draw) if values else ""


def curves(
    points: Mapping[str, Sequence[tuple[float, float]]],
    shapes: Mapping[str, Sequence[tuple[float, float]]],
) -> str:
    """Factor over attainment, a line per curve; a point is the larger the more items lie on it."""

    def draw(axes: Axes) -> None:
        for colour, (name, found) in zip(COLOURS, sorted(points.items()), strict=False):
            places = sorted(set(found))
            counts = [20 + 6 * found.count(place) for place in places]
            across, up = zip(*places, strict=True)
            axes.plot(*zip(*shapes[name], strict=True), color=colour, linewidth=0.8, label=name)
            axes.scatter(across, up, s=counts, color=colour, alpha=0.5, linewidths=0)
        # A few items far beyond their target would press all others together.
        axes.set(xlabel="attainment", ylabel="factor", xlim=(0, MOST_ATTAINED))
        axes.legend(frameon=False)

    return _svg(draw) if points else ""


def moves(found: Sequence[tuple[str, int]]) -> str:
    """Those who lost and won most places; ``found`` is (employee, places won), fewest first."""
    shown = list(found)
    if len(shown) > 2 * MOST_MOVES:
        shown = [*shown[:MOST_MOVES], *shown[-MOST_MOVES:]]
    shown = [move for move in shown if move[1]]

    def draw(axes: Axes) -> None:
        places = [change for _, change in shown]
        colours = [BLUE if change > 0 else ORANGE for change in places]
        axes.barh([employee for employee, _ in shown], places, color=colours)
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set(xlabel="places")
        axes.tick_params("y", labelsize=7)

    return _svg(draw) if shown else ""


def against_plan(found: Sequence[tuple[str, float, float]]) -> str:
    """Target pay and pay, by role."""

    def draw(axes: Axes) -> None:
        places = range(len(found))
        targets, paid = [row[1] for row in found], [row[2] for row in found]
        axes.barh([place + 0.2 for place in places], targets, 0.4, color=GREY, label="target")
        axes.barh([place - 0.2 for place in places], paid, 0.4, color=BLUE, label="pay")
        axes.set_yticks(list(places), [row[0].replace("_", " ") for row in found])
        _thousands(axes)
        axes.legend(frameon=False)

    return _svg(draw) if found else ""


def reviews(found: Sequence[tuple[str, str, int]]) -> str:
    """How many reviews of each role came to what; ``found`` is (role, direction, count)."""
    roles = sorted({row[0] for row in found})
    counts = {(role, direction): count for role, direction, count in found}

    def draw(axes: Axes) -> None:
        before = [0] * len(roles)
        for direction, colour in (("up", BLUE), ("none", GREY), ("down", ORANGE)):
            widths = [counts.get((role, direction), 0) for role in roles]
            label = {"none": "stays"}.get(direction, direction)
            axes.barh(
                [role.replace("_", " ") for role in roles],
                widths,
                left=before,
                color=colour,
                label=label,
            )
            before = [start + width for start, width in zip(before, widths, strict=True)]
        axes.set(xlabel="payees")
        axes.legend(frameon=False)

    return _svg(draw) if found else ""


def _thousands(axes: Axes) -> None:
    """Few ticks, and no powers of ten."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(lambda value, _: f"{round(value, 6):,}".removesuffix(".0"))


def _svg(draw: Callable[[Axes], None]) -> str:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(5.4, 3.1), layout="constrained")
        draw(figure.subplots())
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = file.getvalue()
    return text[text.index("<svg") :].replace(INK, "currentColor")
