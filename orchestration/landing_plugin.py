"""dbt-duckdb plugin: checks the landing and policy folders, then shows the landing files as views.

It runs whenever dbt opens the warehouse, so that a plain ``dbt build`` is guarded as the command
line is. What has passed once is not checked again until a file changes.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import psutil
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

from orchestration.lib.changes import record_changes
from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.gate import check_once, faulty_files
from orchestration.lib.landing import create_views
from orchestration.lib.limits import GIVEN_BACK, memory_limit
from orchestration.lib.quoting import literal
from orchestration.lib.warehouse import ensure_cuts_table

# Seconds. It takes two milliseconds: too long for each of hundreds of small tests, which free little.
GIVEN_BACK_EVERY = 1
# Bytes. What DuckDB knows of each row group's columns that it has written or read it keeps, uncounted, as
# long as the warehouse is open: 170 MB of one of 15 GB.
OPENED_ANEW_AT = 100_000_000


class Plugin(BasePlugin):  # type: ignore[misc]
    """Configured in ``profiles.yml`` with the folders ``landing`` and ``policy``."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        # Relative folders are the project's, wherever dbt was started.
        self.landing = PROJECT_DIR / Path(plugin_config["landing"]).expanduser()
        self.policy = PROJECT_DIR / Path(plugin_config["policy"]).expanduser()
        self.is_landing_shown = False
        self.given_back_at = 0.0
        self.held_at_first: int | None = None

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:  # noqa: ARG002
        Path(creds.path).parent.mkdir(parents=True, exist_ok=True)

    def configure_connection(self, conn: Any) -> None:
        # Before every model and test dbt opens another connection to the same DuckDB.
        for name, value in {"TimeZone": "UTC", **GIVEN_BACK}.items():
            conn.execute(f"set global {name} = {literal(value)}")
        # Opened anew on the way, a warehouse shows what was landed when the run began.
        if not self.is_landing_shown:
            self._show_landing(conn)
            self.is_landing_shown = True
        self.held_at_first = None
        DuckDBConnectionManager.env()._keep_open = True

    def _show_landing(self, conn: Any) -> None:
        remembered = Path(self.creds.path).parent / "gate.json"
        problems = check_once(self.landing, self.policy, remembered)
        if problems:
            listing = "\n".join(f"  {problem}" for problem in problems)
            raise DbtRuntimeError(f"The input was refused; nothing was changed.\n{listing}")
        faulty = faulty_files(remembered)
        create_views(conn, self.landing, faulty)
        ensure_cuts_table(conn)
        record_changes(conn, self.landing, self.policy, faulty)

    def configure_cursor(self, cursor: Any) -> None:
        """Before each model and test: DuckDB gives back what it has freed when it is told its limit."""
        now = time.monotonic()
        if now - self.given_back_at >= GIVEN_BACK_EVERY:
            self.given_back_at = now
            cursor.execute(f"set memory_limit = {literal(memory_limit())}")
            self._open_anew_where_much_is_held(cursor)

    def _open_anew_where_much_is_held(self, cursor: Any) -> None:
        """Where more is held than DuckDB counts, let dbt close the warehouse after the node that begins."""
        counts = "select sum(memory_usage_bytes) from duckdb_memory()"
        [(counted,)] = cursor.execute(counts).fetchall()
        held = psutil.Process().memory_info().rss - int(counted)
        if self.held_at_first is None:
            self.held_at_first = held
        elif held - self.held_at_first > OPENED_ANEW_AT:
            # The profile's `keep_open`, which dbt reads once.
            DuckDBConnectionManager.env()._keep_open = False
