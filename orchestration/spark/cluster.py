"""A standalone Spark cluster on loopback: one master, and workers that are processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pyspark

from orchestration.spark.session import ensure_java

LOOPBACK = "127.0.0.1"
SECONDS_TO_START = 90


class ClusterError(Exception):
    """The cluster did not come up; its logs say why."""


@contextlib.contextmanager
def cluster(folder: Path, workers: int = 2, cores: int = 1, memory: str = "1g") -> Iterator[str]:
    """Start a master and ``workers``, yield the master's URL, and stop them.

    Each worker offers ``cores`` and ``memory`` (Spark's notation). Logs and scratch files lie below
    ``folder``. Raises ``ClusterError`` where the workers have not registered in 90 seconds.
    """
    ensure_java()
    folder.mkdir(parents=True, exist_ok=True)
    port, page = _free_port(), _free_port()
    url = f"spark://{LOOPBACK}:{port}"
    master = ["master.Master", "--host", LOOPBACK, "--port", str(port), "--webui-port", str(page)]
    worker = ["worker.Worker", "--host", LOOPBACK, "--webui-port", "0", "--cores", str(cores)]
    worker += ["--memory", memory, url]
    with contextlib.ExitStack() as running:
        running.enter_context(_process(folder, "master", master))
        for number in range(1, workers + 1):
            name = f"worker-{number}"
            running.enter_context(
                _process(folder, name, [*worker[:-1], "--work-dir", str(folder / name), url])
            )
        _wait_for(f"http://{LOOPBACK}:{page}/json/", workers, folder)
        yield url


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


@contextlib.contextmanager
def _process(folder: Path, name: str, arguments: list[str]) -> Iterator[None]:
    """A daemon of Spark's, with its log in ``folder``; it ends with the block."""
    home = Path(pyspark.__file__).parent
    launcher = home / "bin" / "spark-class"
    command = [str(launcher), f"org.apache.spark.deploy.{arguments[0]}", *arguments[1:]]
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": LOOPBACK,
        "SPARK_DAEMON_MEMORY": "256m",
    }
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(page: str, workers: int, folder: Path) -> None:
    """Return when the master's page counts so many live workers."""
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until:
        with contextlib.suppress(OSError, ValueError), urllib.request.urlopen(page) as answer:
            if json.load(answer)["aliveworkers"] >= workers:
                return
        time.sleep(0.5)
    raise ClusterError(f"{workers} workers had not registered: see the logs in {folder}")
