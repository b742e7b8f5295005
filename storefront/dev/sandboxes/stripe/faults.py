"""Faults of the local Stripe sandbox: choose which calls fail, how, and how many."""

import re
import threading
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    ERROR = "500"  # nothing is done
    BUSY = "429"  # nothing is done
    SLOW = "slow"  # done; the answer comes late
    DROP_BEFORE = "drop_before"  # connection closed; nothing is done
    DROP_AFTER = "drop_after"  # done, then the connection is closed
    GARBAGE = "garbage"  # done, then an unreadable answer
    BREAKDOWN = "breakdown"  # nothing is done; the error is stored under the idempotency key


BEFORE = frozenset({Kind.ERROR, Kind.BUSY, Kind.DROP_BEFORE})
INSIDE = frozenset({Kind.SLOW, Kind.BREAKDOWN})  # the app writes the answer


@dataclass(slots=True, kw_only=True)
class Fault:
    """A fault for the next ``count`` calls whose "METHOD path" matches ``path``."""

    kind: Kind
    path: str = "/v1/"
    count: int = 1
    seconds: float = 3.0

    def fits(self, call: str) -> bool:
        return self.count > 0 and re.search(self.path, call) is not None


class Faults:
    """The pending faults."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def take(self, call: str) -> Fault | None:
        """Return a matching fault and count it down; None if none matches."""
        with self._lock:
            fault = next((one for one in self._waiting if one.fits(call)), None)
            if fault is not None:
                fault.count -= 1
                self._waiting = [one for one in self._waiting if one.count > 0]
            return fault

    def listed(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._waiting]

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()
