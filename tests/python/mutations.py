"""Ways in which landing files arrive broken, and what must hold however broken they are.

``python -m tests.python.mutations <landing> <inputs> [seed]`` lands so many broken files, one at a time,
and counts what became of them. Whatever arrives, it is refused and named, set aside and named, or read:
then every value can be cast as the models cast it, and every row is accounted for.
"""

from __future__ import annotations

import csv
import io
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.lib.contract import PROJECT_DIR, Table, landing_tables
from orchestration.lib.gate import check_once, faulty_files
from orchestration.lib.landing import find_files, parts_of, relation_of, scratch
from orchestration.lib.quarantine import broken_rows
from orchestration.lib.row_rules import readable_type

POLICY = PROJECT_DIR / "seeds" / "policy"
ROWS = 24
Mutation = Callable[[bytes, random.Random], bytes]
NASTY = [
    b"", b"'", b'"', b"';drop table x;--", b"$(touch /tmp/x)", b"<script>alert(1)</script>",
    b"=cmd|' /C calc'!A0", "\u202eegap".encode(), b"\x00", b"\xff\xfe", b"\xc3\x28", b"\xef\xbb\xbf", b"\r",
    b"\n", b",", b"\t", b"NaN", b"inf", b"-0", b"1e400", b"9" * 60, b"0x10", b"2026-02-30", b"2026-13-01",
    b"03/04/2026", b"0000-00-00", b"-infinity", b"epoch", b"2026-06-01T25:00:00Z",
    b"2026-06-01 00:00:00 America/New_York", b"TRUE", b"2", "数据".encode(), "é".encode("latin-1"),
    b"A" * (1 << 20), b"../../etc/passwd", b"{}", b"null", b"\\N",
]  # fmt: skip


def flip_a_bit(content: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(content))
    return (
        content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :]
    )


def flip_many_bits(content: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(2, 40)):
        content = flip_a_bit(content, chance)
    return content


def truncate(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def cut_out(content: bytes, chance: random.Random) -> bytes:
    begin, end = sorted(chance.randrange(len(content)) for _ in range(2))
    return content[:begin] + content[end:]


def repeat_a_piece(content: bytes, chance: random.Random) -> bytes:
    begin, end = sorted(chance.randrange(len(content)) for _ in range(2))
    return content[:end] + content[begin:end] + content[end:]


def insert_something(content: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(content))
    return content[:place] + chance.choice(NASTY) + content[place:]


def change_a_field(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    number = chance.randrange(max(1, len(lines) - 1))
    fields = lines[number].split(b",")
    fields[chance.randrange(len(fields))] = chance.choice(NASTY)
    lines[number] = b",".join(fields)
    return b"\n".join(lines)


def quote_a_field(content: bytes, chance: random.Random) -> bytes:
    """A field that is valid CSV, whatever is in it."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8", "replace"))))
    row = rows[chance.randrange(len(rows))]
    if row:
        row[chance.randrange(len(row))] = chance.choice(NASTY).decode("utf-8", "replace")
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()


def shuffle_lines(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    chance.shuffle(lines)
    return b"\n".join(lines)


def encode_otherwise(content: bytes, chance: random.Random) -> bytes:
    text = content.decode("utf-8", "replace")
    return text.encode(chance.choice(["utf-16", "utf-8-sig", "gb18030", "utf-32"]), "replace")


ANY: list[Mutation] = [
    flip_a_bit,
    flip_many_bits,
    truncate,
    cut_out,
    repeat_a_piece,
    insert_something,
]
OF_TEXT: list[Mutation] = [change_a_field, quote_a_field, shuffle_lines, encode_otherwise]


def samples(landing: Path) -> dict[str, dict[str, bytes]]:
    """Some rows of every landed table, as CSV and as Parquet: ``{table: {suffix: bytes}}``."""
    found: dict[str, dict[str, bytes]] = {}
    with scratch() as connection:
        for landed in find_files(landing):
            if landed.is_absent:
                continue
            names = ", ".join(
                f"cast({column.name} as varchar) as {column.name}"
                for column in landed.table.columns
            )
            rows = relation_of(connection, landed).limit(ROWS)
            texts = rows.project(names).fetchall()
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(landed.table.column_names)
            writer.writerows(texts)
            binary = io.BytesIO()
            typed = ", ".join(
                f"cast({column.name} as {readable_type(column)}) as {column.name}"
                if column.data_type != "string"
                else f"cast({column.name} as varchar) as {column.name}"
                for column in landed.table.columns
            )
            table: pa.Table = rows.project(typed).to_arrow_table()
            pq.write_table(table, binary)
            found[landed.table.full_name] = {
                ".csv": text.getvalue().encode(),
                ".parquet": binary.getvalue(),
            }
    return found


def land_one(folder: Path, table: Table, name: str, content: bytes) -> Path:
    """A landing folder with this file alone."""
    shutil.rmtree(folder, ignore_errors=True)
    path = folder / "landing" / table.system / table.name / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def what_became(folder: Path, path: Path) -> str:
    """Whether the landed file was refused, partly set aside or read. Raises ``AssertionError`` where one of
    these was not said, or a row is unaccounted for."""
    remembered = folder / "gate.json"
    problems = check_once(folder / "landing", POLICY, remembered, is_thorough=True)
    if problems:
        assert all(problem.path == path and problem.message for problem in problems), problems
        return "refused"
    faulty = faulty_files(remembered)
    [landed] = [found for found in find_files(folder / "landing", faulty) if not found.is_absent]
    with scratch() as connection:
        [(whole,)] = parts_of(connection, [path])[0].rows.aggregate("count(*)").fetchall()
        casts = ", ".join(
            f"count(cast({column.name} as {readable_type(column)}))"
            for column in landed.table.columns
            if column.data_type != "string"
        )
        [(read, *_)] = relation_of(connection, landed).aggregate(f"count(*), {casts}").fetchall()
        aside = 0
        if path in faulty:
            broken = broken_rows(connection, landed, path)
            [(aside, rules)] = broken.aggregate(
                "count(distinct row_in_file), count(rule)"
            ).fetchall()
            assert rules >= aside > 0
    assert whole == read + aside, (whole, read, aside)
    return "set aside" if aside else "read"


def fuzz(landing: Path, times: int, seed: int) -> Counter[str]:
    """Land broken files one at a time; how many of each kind were refused, set aside or read."""
    chance, seen = random.Random(seed), Counter[str]()
    files = samples(landing)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve() / "fuzz"
        for number in range(times):
            name = chance.choice(sorted(files))
            suffix = chance.choice([".csv", ".csv", ".parquet"])
            mutation = chance.choice(ANY + (OF_TEXT if suffix == ".csv" else []))
            content = mutation(files[name][suffix], chance)
            path = land_one(folder, landing_tables()[name], f"a{suffix}", content)
            try:
                became = what_became(folder, path)
            except BaseException:
                kept = Path(tempfile.gettempdir()) / f"mutation-{seed}-{number}{suffix}"
                kept.write_bytes(content)
                print(f"{name}, {mutation.__name__}: {kept}", file=sys.stderr)
                raise
            seen[f"{suffix[1:]} {became}"] += 1
    return seen


if __name__ == "__main__":
    asked = int(sys.argv[2])
    for what, count in sorted(
        fuzz(Path(sys.argv[1]), asked, int((sys.argv[3:] or ["1"])[0])).items()
    ):
        print(f"{what}: {count}")
