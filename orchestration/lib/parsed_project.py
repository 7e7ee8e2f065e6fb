"""What dbt has read of this project, kept from one run to the next for as long as nothing of it changes.

dbt keeps such a thing itself, but reads the whole project anew when a variable differs that its profile
reads: another warehouse, another landing folder, another month to close. What a project says hangs on none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dbt.contracts.graph.manifest import Manifest

from orchestration.lib.contract import PROJECT_DIR
from orchestration.lib.kept_file import keep, read_kept

KEPT_IN = PROJECT_DIR / "target" / "parsed"
# Plans that were tried, and of before; a file takes 4 to 5 MB.
KEPT = 12
READ = ("dbt_project.yml", "profiles/profiles.yml", "models", "macros", "tests/dbt")
# What reads them, and whose classes are kept.
READERS = (
    "dbt-core",
    "dbt-common",
    "dbt-adapters",
    "dbt-duckdb",
    "dbt-extractor",
    "dbt-semantic-interfaces",
)
# What the profile alone reads, or dbt for its own files and messages: where a build works, not what it
# builds. The folders of project and profiles are always this project's own.
PLACES = {
    "PLUMBLINE_LANDING",
    "PLUMBLINE_WAREHOUSE",
    "PLUMBLINE_MEMORY",
    "PLUMBLINE_THREADS",
    "DBT_TARGET_PATH",
    "DBT_LOG_PATH",
    "DBT_LOG_FORMAT",
    "DBT_PROFILES_DIR",
    "DBT_PROJECT_DIR",
    "DBT_SEND_ANONYMOUS_USAGE_STATS",
}
# What a run is asked for (macro ``run_setting``) stands in SQL alone, which is made when it runs.
ASKED = {
    "PLUMBLINE_CLOSE_MONTH",
    "PLUMBLINE_KNOWN_AT",
    "PLUMBLINE_POLICY_DIGEST",
    "PLUMBLINE_ROWS_PER_BATCH",
}


def parsed_project(parse: Callable[[], Manifest], environment: Mapping[str, str]) -> Manifest:
    """dbt's manifest of the project: the one kept, or what ``parse`` gives, which is then kept.

    A kept file is this machine's own, as the code beside it is; one that is not whole is made anew.
    """
    found = kept_project(environment)
    if found is not None:
        return found
    place = _place(environment)
    manifest = parse()
    if place != _place(environment):  # something changed while it was read
        return manifest
    _keep(place, pickle.dumps(_state(manifest), protocol=5))
    return manifest


def kept_project(environment: Mapping[str, str]) -> Manifest | None:
    """The manifest that is kept of the project as it is now; none where it has not been read."""
    kept = _place(environment)
    content = read_kept(kept)
    if content is None:
        return None
    with contextlib.suppress(OSError):
        os.utime(kept)
    return Manifest(**pickle.loads(content))


def _place(environment: Mapping[str, str]) -> Path:
    return KEPT_IN / f"{_key(environment)}.pickle"


def _keep(kept: Path, content: bytes) -> None:
    """Write it down, and remove what was not used for longest."""
    keep(kept, content)
    with contextlib.suppress(OSError):
        for old in sorted(KEPT_IN.glob("*.pickle"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
            old.unlink()


def _state(manifest: Manifest) -> dict[str, Any]:
    """The manifest's own fields; what it looks things up by is made from them.

    Pickling the manifest itself loses some: dbt passes what it needs to copy one.
    """
    names = [field.name for field in fields(manifest) if not field.name.startswith("_")]
    return {name: getattr(manifest, name) for name in names}


def _key(environment: Mapping[str, str]) -> str:
    """A digest of all that dbt reads of a project: files, versions, variables that it may hang on."""
    told = {
        name: value
        for name, value in environment.items()
        if name.startswith(("PLUMBLINE_", "DBT_")) and name not in PLACES | ASKED
    }
    # The database's name, which stands in every relation.
    told["warehouse"] = Path(environment.get("PLUMBLINE_WAREHOUSE", "")).stem
    versions = [version(name) for name in READERS]
    said = json.dumps([str(PROJECT_DIR), told, versions], sort_keys=True)
    digest = hashlib.sha256(said.encode())
    for path in _files(environment):
        content = path.read_bytes()
        digest.update(f"\n{path} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:32]


def _files(environment: Mapping[str, str]) -> Iterator[Path]:
    policy = environment.get("PLUMBLINE_POLICY", "seeds/policy")
    for name in (*READ, policy, environment.get("PLUMBLINE_DOC_BLOCKS", "models")):
        place = PROJECT_DIR / name
        yield from [place] if place.is_file() else sorted(filter(Path.is_file, place.rglob("*")))
