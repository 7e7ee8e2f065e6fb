"""Where things are: one place for the folders that the environment may move."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.register import REGISTER


@dataclass(frozen=True)
class Settings:
    """Absolute paths of the landing folder, the policy folder and the warehouse file."""

    landing: Path
    policy: Path
    warehouse: Path

    @classmethod
    def from_environment(cls) -> Settings:
        """From ``PLUMBLINE_LANDING``, ``PLUMBLINE_POLICY`` and ``PLUMBLINE_WAREHOUSE``.

        Relative paths are the project's own, as they are for dbt.
        """
        return cls(
            landing=PROJECT_DIR / os.environ.get("PLUMBLINE_LANDING", "landing"),
            policy=PROJECT_DIR / os.environ.get("PLUMBLINE_POLICY", "seeds/policy"),
            warehouse=PROJECT_DIR / os.environ.get("PLUMBLINE_WAREHOUSE", "build/plumbline.duckdb"),
        )

    @property
    def remembered(self) -> Path:
        """Where the gate keeps the digest of the input that passed."""
        return self.warehouse.parent / "gate.json"

    @property
    def register(self) -> Path:
        """The register of landed files."""
        return self.warehouse.parent / REGISTER

    @property
    def published(self) -> Path:
        """Folder of what is published: ``PLUMBLINE_PUBLISHED``, by default beside the warehouse."""
        named = os.environ.get("PLUMBLINE_PUBLISHED")
        return PROJECT_DIR / named if named else self.warehouse.parent / "published"

    @property
    def postgres(self) -> str | None:
        """URL of the PostgreSQL database to publish to (``PLUMBLINE_POSTGRES``), a secret, or None."""
        return os.environ.get("PLUMBLINE_POSTGRES") or None

    @property
    def closes(self) -> Path:
        """Folder of the close packs."""
        return self.warehouse.parent / "closes"

    def environment(self, warehouse: Path, seed_folder: str) -> dict[str, str]:
        """The process environment that makes dbt use these paths and this warehouse file."""
        return {
            **os.environ,
            "PLUMBLINE_LANDING": str(self.landing),
            "PLUMBLINE_POLICY": seed_folder,
            "PLUMBLINE_WAREHOUSE": str(warehouse),
        }
