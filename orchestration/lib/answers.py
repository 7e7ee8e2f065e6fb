"""What the command line prints of explanations, comparisons, scenarios and payroll files."""

from __future__ import annotations

from decimal import Decimal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from orchestration.lib.explain_tree import Node
from orchestration.lib.journal import Journal
from orchestration.lib.pay_diff import Difference
from orchestration.lib.payroll import Payroll
from orchestration.lib.report import money, percent, plain, table
from orchestration.lib.simulate import Simulation

# Landed rows of a measure and month that a tree shows.
SHOWN_ROWS = 8


def payroll_totals(payroll: Payroll) -> Table:
    """The control totals of a payroll file."""
    rows = [
        (what, currency, f"{value:,}" if isinstance(value, Decimal | int) else value)
        for what, currency, value in payroll.control_rows()
    ]
    return table("Control totals", ["total of", "currency", "amount"], rows, {2})


def journal_tables(journal: Journal) -> Group:
    """A journal, its control totals, and how the contract cost asset rolls forward."""
    lines: list[tuple[str | Text, ...]] = [
        (line.entry, line.component, line.earned_in, line.account, line.currency,
         money(line.debit) if line.debit else "", money(line.credit) if line.credit else "")
        for line in journal.lines
    ]  # fmt: skip
    lines += [
        (Text("total", style="bold"), "", "", "", currency, money(debit), money(credit))
        for currency, (debit, credit) in journal.totals.items()
    ]
    headings = ["entry", "component", "earned", "account", "currency", "debit", "credit"]
    parts: list[RenderableType] = [
        table(f"Journal of {journal.month:%Y-%m}", headings, lines, {5, 6})
    ]
    if journal.roll_forward:
        rows = [
            (row.currency, *(money(amount) for amount in (row.opening, row.corrected, row.capitalised,
             -row.amortised, -row.impaired, row.closing)))
            for row in journal.roll_forward
        ]  # fmt: skip
        headings = [
            "currency",
            "opening",
            "corrections",
            "capitalised",
            "amortised",
            "impaired",
            "closing",
        ]
        parts.append(table("Contract cost asset", headings, rows, set(range(1, 7))))
    return Group(*parts)


def explained(node: Node) -> Tree:
    """The tree of a payout; what adds up is bright, what is only a reason is dim."""

    def label(shown: Node, is_part: bool) -> Text:
        text = Text(shown.what, style="" if is_part else "dim")
        if shown.amount is not None:
            text.append(
                f"  {plain(shown.amount)} {shown.currency}", style="bold" if is_part else "dim"
            )
        for more in (shown.how, shown.plan, ", ".join(shown.rules)):
            if more:
                text.append(f"  {more}", style="dim")
        for row in shown.landed:
            text.append(f"\n{row.table}: {row.place}", style="cyan")
        return text

    def grow(tree: Tree, grown: Node) -> None:
        for part in grown.parts:
            grow(tree.add(label(part, True)), part)
        landed = [reason for reason in grown.reasons if reason.landed and reason.counted]
        left_out = landed[SHOWN_ROWS:]
        for reason in grown.reasons:
            if reason not in left_out:
                grow(tree.add(label(reason, False)), reason)
        if left_out:
            tree.add(Text(f"and {len(left_out)} rows more; --json has all", style="dim"))

    root = Tree(label(node, True), guide_style="dim")
    grow(root, node)
    return root


def differences(title: str, named: tuple[str, str], found: list[Difference]) -> RenderableType:
    """Differences of pay; under each what changed behind it, and what caused that."""
    if not found:
        return Text(f"{title}: {named[0]} and {named[1]} agree.")
    tree = Tree(Text(f"{title}: {named[0]}, and {named[1]}", style="bold"), guide_style="dim")
    for row in found:
        label = Text(
            f"{row.employee} {row.component}  {money(row.before)} is {money(row.after)} {row.currency}  "
        )
        label.append(f"{row.amount:+,.2f}", style="bold")
        branch = tree.add(label)
        for change in row.changes:
            branch.add(Text(change))
        for cause in row.causes:
            branch.add(Text(cause, style="cyan"))
    return tree


def simulation(found: Simulation, limit: int) -> Group:
    """What a scenario costs, and who wins and loses most by it."""
    months = ", ".join(f"{before.month:%Y-%m}" for before, _, _ in found.months)
    cost = [
        (component, currency, money(today), money(then), money(then - today),
         percent((then - today) / today) if today else "")
        for currency, component, today, then in found.cost()
    ]  # fmt: skip
    headings = ["component", "currency", "today's plan", found.name, "difference", ""]
    parts: list[RenderableType] = [table(f"Pay of {months}", headings, cost, {2, 3, 4, 5})]
    payees = sorted(found.by_payee().items(), key=lambda item: item[1])
    winners = [(*key, money(amount)) for key, amount in reversed(payees) if amount > 0]
    losers = [(*key, money(amount)) for key, amount in payees if amount < 0]
    for title, rows in (("win", winners), ("lose", losers)):
        if rows:
            most = f", the first {limit}" if len(rows) > limit else ""
            parts.append(
                table(
                    f"{len(rows)} {title}{most}", ["employee", "currency", "by"], rows[:limit], {2}
                )
            )
    if not payees:
        parts.append(Text("Nobody wins or loses."))
    return Group(*parts)
