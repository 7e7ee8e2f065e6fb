"""Where a build's time and memory go, model by model, as seen from outside the process."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

SECONDS_BETWEEN_LOOKS = 0.05


@dataclass
class NodeProfile:
    """A node's seconds, those of all cores, the process's peak memory while it ran, and what it wrote
    aside to disk.

    Bytes; ``kind`` is what dbt calls the node (model, seed, test).
    """

    name: str
    kind: str
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory: int = 0
    peak_spill: int = 0


class Profiler:
    """Looks at a dbt process while it works, and at the folder in which DuckDB spills.

    Memory is the whole process's: what it takes to run the node, dbt included. Nodes are told apart
    only where dbt runs one at a time, so a profiled build does.
    """

    def __init__(self, spill_folder: Path) -> None:
        self.spill_folder = spill_folder
        self.nodes: dict[str, NodeProfile] = {}
        self.peak_memory = 0
        self._running: NodeProfile | None = None
        self._process: psutil.Process | None = None
        self._cpu_before = 0.0
        self._stopped = threading.Event()

    def watch(self, process_id: int) -> threading.Thread:
        """Begin to look at a process; the thread ends with it, or with ``stop``."""
        self._stopped.clear()
        with suppress(psutil.NoSuchProcess):
            self._process = psutil.Process(process_id)
        thread = threading.Thread(target=self._look, daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        self._stopped.set()

    def started(self, name: str, kind: str) -> None:
        self._running = self.nodes.setdefault(name, NodeProfile(name, kind))
        self._cpu_before = self._cpu()

    def finished(self, name: str, seconds: float) -> None:
        if name in self.nodes:
            self.nodes[name].seconds += seconds
            self.nodes[name].cpu_seconds += self._cpu() - self._cpu_before
        self._running = None

    def _cpu(self) -> float:
        """CPU seconds of the process so far; once it has ended, those at the last node's start."""
        with suppress(psutil.NoSuchProcess):
            if self._process:
                used = self._process.cpu_times()
                return used.user + used.system
        return self._cpu_before

    def _look(self) -> None:
        with suppress(psutil.NoSuchProcess):
            while self._process and not self._stopped.wait(SECONDS_BETWEEN_LOOKS):
                memory = self._process.memory_info().rss
                self.peak_memory = max(self.peak_memory, memory)
                running = self._running
                if running is not None:
                    running.peak_memory = max(running.peak_memory, memory)
                    running.peak_spill = max(running.peak_spill, self._spilled())

    def _spilled(self) -> int:
        total = 0
        with suppress(OSError):
            for path in self.spill_folder.iterdir():
                with suppress(OSError):  # DuckDB removes its files as it goes
                    total += path.stat().st_size
        return total
