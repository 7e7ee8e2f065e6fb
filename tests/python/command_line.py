"""``plumbline`` in a process of its own, forked from one that has imported it already.

Hundreds of commands are run by the tests, and most of a small one's time is Python's imports.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess

from orchestration.lib.contract import PROJECT_DIR

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.python.imported_command_line"])


def plumbline(arguments: Sequence[str], environment: Mapping[str, str]) -> CompletedProcess[str]:
    """Run it in the project with no other environment than this, and wait for it."""
    with tempfile.TemporaryDirectory() as place:
        said = [Path(place) / "stdout", Path(place) / "stderr"]
        process = FORKS.Process(target=_main, args=(arguments, dict(environment), said))
        process.start()
        process.join()
        texts = [path.read_text(encoding="utf-8") for path in said]
        return CompletedProcess(["plumbline", *arguments], process.exitcode or 0, *texts)


def _main(arguments: Sequence[str], environment: Mapping[str, str], said: Sequence[Path]) -> None:
    from orchestration import cli

    for path, stream in zip(said, (sys.stdout, sys.stderr), strict=True):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), stream.fileno())
        stream.reconfigure(encoding="utf-8")
    os.chdir(PROJECT_DIR)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["plumbline", *arguments]
    cli.main()
