"""Restarts: restart dead processes, as a service manager does, measure each downtime."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.runtime.processes import POLL_S, Child

MEASURED = ("postgres", "redis", "web")
RESTART_TIMEOUT_S = 60.0


@dataclass(slots=True)
class Restarter:
    """Restarts the processes of one instance until the block ends."""

    place: Instance
    deaths: Counter[str] = field(default_factory=Counter)
    recoveries: dict[str, list[float]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch, name="restarter", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def stop(self, name: str) -> None:
        """Stop a process for good."""
        with self._lock:
            if (old := self.place.children.pop(name, None)) is not None:
                old.wait_until_stopped(is_hurried=lambda: True)
                self.place.supervisor.children.remove(old)

    def replace(self, child: Child) -> None:
        """Stop the process of this name, if there is one, and start the new one."""
        with self._lock:
            if (old := self.place.children.get(child.name)) is not None:
                old.wait_until_stopped(is_hurried=lambda: True)
            self.place.add(child)

    def _watch(self) -> None:
        while not self._stopped.wait(POLL_S):
            with self._lock:
                here = list(self.place.children.values())  # may change meanwhile
                dead = [one for one in here if one.exit_code is not None]
                for child in dead:
                    self._restart(child)

    def _restart(self, child: Child) -> None:
        died_at = time.monotonic()
        self.deaths[child.name] += 1
        child.wait_until_stopped(is_hurried=lambda: True)
        child.start()
        if child.name in MEASURED:
            threading.Thread(target=self._measure, args=(child, died_at), daemon=True).start()

    def _measure(self, child: Child, died_at: float) -> None:
        while not self._stopped.wait(POLL_S) and time.monotonic() < died_at + RESTART_TIMEOUT_S:
            if child.is_ready():
                seconds = time.monotonic() - died_at
                self.recoveries.setdefault(child.name, []).append(round(seconds, 2))
                return
