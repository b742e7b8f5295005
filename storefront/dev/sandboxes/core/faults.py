"""Sandbox faults: choose which requests and webhooks fail, change their answers.

These faults exist in any protocol. Each protocol adds its own.
"""

import gzip
import itertools
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from .http_server import Reply, as_html

REQUEST_KINDS = frozenset(
    {
        "500", "429", "slow", "trickle", "drop_before", "drop_after", "garbage", "truncated",
        "empty", "wrong_currency", "nan_price", "wrong_order", "token_expired", "huge",
        "gzip_bomb", "redirect", "soft_500",
    }
)  # fmt: skip
MESSAGE_KINDS = frozenset({"duplicate", "out_of_order", "bad_signature", "lost"})
WEBHOOKS = "webhooks"  # the path of faults of webhooks


class UnknownFaultError(ValueError):
    """There is no such fault for this path."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault to inject.

    Shape:  applies to each ``every``-th match after the first ``skip``, ``count`` times (0: always)
    """

    id: int
    path: str
    kind: str
    count: int = 1
    every: int = 1
    skip: int = 0
    delay_s: float = 1.0
    seen: int = 0
    done: int = 0

    @property
    def is_spent(self) -> bool:
        return bool(self.count) and self.done >= self.count

    def fits(self, path: str) -> bool:
        return self.path == "*" or path.endswith(self.path)

    def matches(self, path: str) -> bool:
        if self.is_spent or not self.fits(path):
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.seen - self.skip - 1) % self.every:
            return False
        self.done += 1
        return True


class Faults:
    """The active faults, in the order in which they were added."""

    def __init__(
        self, kinds: frozenset[str] = REQUEST_KINDS, *, fault: type[Fault] = Fault
    ) -> None:
        self._kinds, self._fault = kinds, fault
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._ids = itertools.count(1)

    def add(  # noqa: PLR0913 - the fields of a fault
        self,
        *,
        path: str,
        kind: str,
        count: int = 1,
        every: int = 1,
        skip: int = 0,
        delay_s: float = 1.0,
    ) -> dict[str, Any]:
        kinds = MESSAGE_KINDS if path == WEBHOOKS else self._kinds
        if kind not in kinds:
            raise UnknownFaultError(f"{kind!r} is none of {', '.join(sorted(kinds))}")
        fault = self._fault(
            id=next(self._ids),
            path=path,
            kind=kind,
            count=max(count, 0),
            every=max(every, 1),
            skip=max(skip, 0),
            delay_s=max(delay_s, 0.0),
        )
        with self._lock:
            self._faults.append(fault)
        return asdict(fault)

    def next_for(self, path: str) -> Fault | None:
        """Return the first fault for this request, and count it."""
        with self._lock:
            return next((fault for fault in self._faults if fault.matches(path)), None)

    def next_for_message(self) -> Fault | None:
        """Return the first fault for the next webhook, and count it."""
        with self._lock:
            meant = [fault for fault in self._faults if fault.path == WEBHOOKS]
            return next((fault for fault in meant if fault.matches(WEBHOOKS)), None)

    def listed(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) | {"spent": fault.is_spent} for fault in self._faults]

    def clear(self, fault_id: int | None = None) -> None:
        with self._lock:
            self._faults = [each for each in self._faults if fault_id not in {None, each.id}]


# Damaged answers

HUGE_BYTES = 10_000_000
BOMB_BYTES = 200_000_000
TRICKLE_S = 0.2
HTTP_OK = 200
INTERNAL_URL = "http://169.254.169.254/latest/meta-data/"


def _dropped(_: Fault, reply: Reply) -> Reply:
    return replace(reply, is_dropped=True)


def _garbage(_: Fault, __: Reply) -> Reply:
    return as_html("<html><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>")


def _truncated(_: Fault, reply: Reply) -> Reply:
    return replace(reply, body=reply.body[: len(reply.body) * 2 // 3])


def _trickling(fault: Fault, reply: Reply) -> Reply:
    return replace(reply, trickle_s=fault.delay_s or TRICKLE_S)


def _huge(_: Fault, reply: Reply) -> Reply:
    return replace(reply, body=b'{"code":200,"data":"' + b"x" * HUGE_BYTES + b'"}')


def _bomb(_: Fault, reply: Reply) -> Reply:
    packed = gzip.compress(b'{"code":200,"data":"' + b"0" * BOMB_BYTES)
    return replace(reply, body=packed, headers={"Content-Encoding": "gzip"})


RESPONSE_FAULTS: dict[str, Callable[[Fault, Reply], Reply]] = {
    "drop_after": _dropped,
    "garbage": _garbage,
    "truncated": _truncated,
    "trickle": _trickling,
    "huge": _huge,
    "gzip_bomb": _bomb,
}


def reply_before(fault: Fault | None, own: Mapping[str, Callable[[Fault], Reply]]) -> Reply | None:
    """Return the answer of a fault that prevents the call; None if the call is to be processed.

    A slow fault waits first.
    Shape:  ``own`` are the answers of this protocol
    """
    if fault is None:
        return None
    if fault.kind == "slow":
        time.sleep(fault.delay_s)
    if fault.kind == "drop_before":
        return Reply(is_dropped=True)
    if fault.kind == "redirect":
        return Reply(status=302, headers={"Location": INTERNAL_URL})
    return own[fault.kind](fault) if fault.kind in own else None


def retry_after(fault: Fault) -> dict[str, str]:
    return {"Retry-After": str(max(math.ceil(fault.delay_s), 1))}


def reply_after(
    fault: Fault | None, reply: Reply, own: Mapping[str, Callable[[Reply], Reply]]
) -> Reply:
    """Return the reply, changed by the fault; ``own`` changes apply to a success only."""
    if fault is None:
        return reply
    if fault.kind in RESPONSE_FAULTS:
        return RESPONSE_FAULTS[fault.kind](fault, reply)
    return own[fault.kind](reply) if fault.kind in own and reply.status == HTTP_OK else reply
