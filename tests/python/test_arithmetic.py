"""Money is multiplied and divided to the last place, in few digits or in many."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, localcontext
from itertools import product

import duckdb
import pytest

from orchestration.lib.dbt_run import FOLDERS
from tests.python.conftest import DBT, Company

# What fits into few digits, the last that does, the first that does not, and the most there can be.
AMOUNTS = [
    "0", "0.0001", "0.0005", "1", "12.3450", "99999.9999", "100000", "99999999.9999", "100000000",
    "12345678901234.5678",
]  # fmt: skip
FACTORS = [
    "0", "0.000001", "0.00000049", "0.05", "0.333333", "0.99999999", "0.999999", "1", "7.12345678",
    "9.99999999", "10", "100", "123.4567",
]  # fmt: skip

FOUR_PLACES = "'cast(b as decimal(18, 4))'"
# The largest of the amounts with few digits times it still is a number of 64 bits, and the next one is not.
PART, WHOLE = Decimal(400_000), Decimal("9876.5432")


def rounded(exact: Decimal, places: int) -> Decimal:
    return exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


MACROS: dict[str, Callable[[Decimal, Decimal], Decimal | None]] = {
    "rounded_product('a', 'b')": lambda a, b: rounded(a * b, 4),
    "rounded_product('a', 'b', digits=9, scale=8)": lambda a, b: rounded(a * b, 4),
    "rounded_product('a', 'b', scale=4)": lambda a, b: rounded(a * b, 4),
    "rounded_product('a', 'b', places=0, scale=0)": lambda a, b: rounded(a * b, 0),
    "exact_quotient_of_columns('a', 'b', 4)": lambda a, b: rounded(a / b, 4) if b else None,
    "exact_quotient_of_columns('a', 'b', 6)": lambda a, b: rounded(a / b, 6) if b else None,
    f"exact_share('a', {FOUR_PLACES}, '{WHOLE}')": lambda a, b: rounded(
        a * rounded(b, 4) / WHOLE, 4
    ),
    f"exact_share('a', '{PART}', {FOUR_PLACES})": lambda a, b: (
        rounded(a * PART / rounded(b, 4), 4) if rounded(b, 4) else None
    ),
}


@pytest.fixture(scope="module")
def compiled(closed_demo: Company, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    company = closed_demo.copy_to(tmp_path_factory.mktemp("arithmetic"))
    asked = " @ ".join(f"{{{{ {macro} }}}}" for macro in MACROS)
    done = company.run(DBT, "--quiet", "compile", "--inline", asked, *FOLDERS)
    assert done.returncode == 0, done.stdout
    return dict(zip(MACROS, done.stdout.split(" @ "), strict=True))


@pytest.mark.parametrize("macro", MACROS)
def test_products_and_quotients_are_exact_in_few_digits_and_in_many(
    compiled: dict[str, str], macro: str
) -> None:
    pairs = [
        (sign * Decimal(a), other * Decimal(b))
        for a, b in product(AMOUNTS, FACTORS)
        for sign, other in product((1, -1), repeat=2)
    ]
    with duckdb.connect() as connection, localcontext(prec=60):
        connection.execute("create table pairs (place int, a decimal(18, 4), b decimal(14, 8))")
        connection.executemany(
            "insert into pairs values (?, ?, ?)",
            [(place, a, b) for place, (a, b) in enumerate(pairs)],
        )
        connection.execute("insert into pairs values (-2, null, 1), (-1, 1, null)")
        asked = f"select {compiled[macro]} from pairs order by place"
        found = [value for (value,) in connection.execute(asked).fetchall()]
        assert found == [None, None, *(MACROS[macro](a, b) for a, b in pairs)]
