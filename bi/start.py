"""Starts Superset on this machine over what is published: ``python -m bi.start [--port 8088]``.

Everything it keeps lies in ``PLUMBLINE_BI`` (build/bi): its database, the key that signs sessions, and the
administrator's first password, each its owner's alone.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
from pathlib import Path

from orchestration.lib.contract import PROJECT_DIR

BIN = Path(sys.executable).parent
SUPERSET = BIN / "superset"


def environment(home: Path) -> dict[str, str]:
    """What Superset's commands are told; a key is made where there is none."""
    home.mkdir(parents=True, exist_ok=True)
    return {
        **os.environ,
        "PLUMBLINE_BI": str(home),
        "SUPERSET_CONFIG_PATH": str(PROJECT_DIR / "bi" / "superset_config.py"),
        "SUPERSET_SECRET_KEY": os.environ.get("SUPERSET_SECRET_KEY") or kept(home / "secret_key"),
        "FLASK_APP": "superset",
        # No statistics are sent anywhere.
        "SCARF_ANALYTICS": "false",
    }


def kept(path: Path) -> str:
    """A secret of a file, made where there is none, which is its owner's alone."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text().strip()


def prepare(home: Path) -> None:
    """Bring the database up to date, and everything of `bi/` into it.

    Raises ``subprocess.CalledProcessError`` with what a step said.
    """
    there = environment(home)
    is_new = not (home / "superset.db").exists()
    run([str(SUPERSET), "db", "upgrade"], there)
    run([str(SUPERSET), "init"], there)
    if is_new:
        run([sys.executable, "-m", "bi.seed", "admin"], there, kept(home / "admin_password"))
    run([sys.executable, "-m", "bi.seed", "assets"], there)


def run(command: list[str], there: dict[str, str], words: str = "") -> None:
    """Run a step and keep what it says for when it fails."""
    done = subprocess.run(
        command,
        cwd=PROJECT_DIR,
        env=there,
        input=words,
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout[-4_000:] + done.stderr[-4_000:], file=sys.stderr)
        raise subprocess.CalledProcessError(done.returncode, command)


def server(port: int) -> list[str]:
    """The command that serves it on loopback."""
    return [
        str(BIN / "gunicorn"), "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "8",
        "--timeout", "120", "superset.app:create_app()",
    ]  # fmt: skip


def main() -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=8088)
    arguments = parser.parse_args()
    home = PROJECT_DIR / os.environ.get("PLUMBLINE_BI", "build/bi")
    print("Bringing Superset up to date (half a minute)", flush=True)
    prepare(home)
    print(f"Dashboards on http://127.0.0.1:{arguments.port}/dashboard/list/ for the user `admin`,")
    print(f"whose first password lies in {home / 'admin_password'}", flush=True)
    os.chdir(PROJECT_DIR)
    command = server(arguments.port)
    os.execve(command[0], command, environment(home))


if __name__ == "__main__":
    main()
