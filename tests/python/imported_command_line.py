"""Imported by the process from which commands are forked: to them, as here, the output is no terminal."""

import importlib
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

with Path("/dev/null").open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
    importlib.import_module("orchestration.cli")
