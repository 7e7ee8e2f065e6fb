"""What the project stands on is what its locks name: pinned, hashed, installed so, and whole on disk.

Advisories need a network: `docs/reliability.md` says how they are asked for where there is one.
"""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from orchestration.lib.contract import PROJECT_DIR

LOCKS = ("requirements.lock", "requirements-spark.lock", "requirements-bi.lock")
# What the environment has before anything is installed, and the project itself.
OWN = {"pip", "setuptools", "wheel", "plumbline"}


def locked(name: str) -> dict[str, tuple[Requirement, list[str]]]:
    """By canonical name: each requirement of a lock, and its hashes."""
    text = re.sub(r"^\s*#.*\n", "", (PROJECT_DIR / name).read_text(), flags=re.MULTILINE)
    found = {}
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            asked, *hashes = re.split(r"\s+--hash=", line.strip())
            requirement = Requirement(asked.strip())
            found[canonicalize_name(requirement.name)] = (requirement, hashes)
    return found


def altered_files(installed: Iterable[Distribution]) -> list[Path]:
    """Files that are not what any of the packages that have them was installed with.

    Packages of one namespace (dbt) share files, and the last one installed has written them.
    """
    expected: dict[Path, set[tuple[str, str]]] = defaultdict(set)
    for distribution in installed:
        for file in distribution.files or []:
            if file.hash is not None and file.suffix != ".pyc":
                path = Path(str(distribution.locate_file(file)))
                expected[path].add((file.hash.mode, file.hash.value))
    return [
        path
        for path, hashes in sorted(expected.items())
        if not any(digest(path, mode) == value for mode, value in hashes)
    ]


def digest(path: Path, mode: str) -> str:
    """A file's hash as a package's record has it."""
    found = hashlib.new(mode, path.read_bytes()).digest()
    return base64.urlsafe_b64encode(found).decode().rstrip("=")


@pytest.mark.parametrize("name", LOCKS)
def test_every_dependency_is_pinned_and_has_hashes(name: str) -> None:
    requirements = locked(name)
    assert len(requirements) > 20
    for requirement, hashes in requirements.values():
        [pin] = requirement.specifier
        assert pin.operator == "==" and "*" not in pin.version, requirement
        assert requirement.url is None, requirement
        assert hashes and all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes)


def resolving_installs(makefile: str) -> list[str]:
    """Commands that install a lock and let pip look for what it may lack, or take what has no hash."""
    commands = [line.strip() for line in makefile.splitlines() if re.search(r"-r \S+\.lock", line)]
    return [
        command
        for command in commands
        if not {"--no-deps", "--require-hashes"} <= set(command.split())
    ]


def test_a_lock_is_installed_as_it_stands_and_nothing_is_looked_for() -> None:
    """Pip 23.2 takes the pin of `a[b]` for none of `a`, and asks for its newest release."""
    makefile = (PROJECT_DIR / "Makefile").read_text()
    assert all(f"-r {name}" in makefile for name in LOCKS)
    assert resolving_installs(makefile) == []
    assert len(resolving_installs(makefile.replace("--no-deps", ""))) == len(LOCKS)


def test_what_is_installed_is_what_the_lock_names_and_fits_together() -> None:
    pins = locked("requirements.lock")
    installed = {
        canonicalize_name(found.metadata["Name"]): found.version for found in distributions()
    }
    unlocked = {
        name: version
        for name, version in installed.items()
        if name not in OWN and not (name in pins and pins[name][0].specifier.contains(version))
    }
    assert not unlocked
    done = subprocess.run(
        [sys.executable, "-m", "pip", "check", "--disable-pip-version-check"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_no_file_of_a_dependency_was_altered_after_it_was_installed() -> None:
    assert altered_files(distributions()) == []


def test_a_file_that_was_altered_is_found(tmp_path: Path) -> None:
    site = tmp_path / "some_package-1.0.dist-info"
    site.mkdir()
    code = tmp_path / "some_package.py"
    code.write_text("A = 1\n")
    (site / "METADATA").write_text("Metadata-Version: 2.1\nName: some-package\nVersion: 1.0\n")
    (site / "RECORD").write_text(f"some_package.py,sha256={digest(code, 'sha256')},6\n")
    assert altered_files([Distribution.at(site)]) == []
    code.write_text("A = 2\n")
    assert altered_files([Distribution.at(site)]) == [code]
