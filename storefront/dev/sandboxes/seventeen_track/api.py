"""17TRACK API: check key, limits and payload of a call; register numbers and report on them."""

import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from storefront.dev.sandboxes.core.faults import Fault, reply_after, reply_before, retry_after
from storefront.dev.sandboxes.core.http_server import Reply, Request, as_json

from .state import SandboxState, carrier_of, report

PREFIX = "/track/v2.4/"
MAX_NUMBERS = 40
NUMBER = re.compile(r"[A-Za-z0-9-]{5,50}")
# Numbers of no carrier begin with this.
UNDETECTABLE = "NOCARRIER"
KNOWN_FIELDS = frozenset(
    {"number", "carrier", "tag", "lang", "auto_detection", "final_carrier", "param"}
)

type Item = dict[str, Any]


class Limiter:
    """Counts the calls of the last second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[float] = deque()

    def admits(self, qps: int) -> bool:
        now = time.monotonic()
        with self._lock:
            while self._calls and self._calls[0] <= now - 1:
                self._calls.popleft()
            if qps and len(self._calls) >= qps:
                return False
            self._calls.append(now)
            return True


def answer_to(state: SandboxState, limiter: Limiter, asked: Request) -> Reply:
    fault = state.faults.next_for(asked.path)
    prevented = reply_before(fault, BEFORE)
    if prevented is not None:
        return prevented
    return reply_after(fault, _answer(state, limiter, asked), AFTER)


def _answer(state: SandboxState, limiter: Limiter, asked: Request) -> Reply:
    handler = HANDLERS.get(asked.path.removeprefix(PREFIX))
    if asked.method != "POST" or not asked.path.startswith(PREFIX) or handler is None:
        return _refused(-18010014, "no such address", status=404)
    if asked.headers["17token"] != state.rules.key:
        return _refused(-18010002, "Invalid access token", status=401)
    if not limiter.admits(state.rules.qps):
        return _refused(-18010012, "Too many requests", status=429)
    try:
        items = _items(asked.body)
    except ValueError as error:
        return _refused(-18010013, str(error))
    accepted: list[Item] = []
    rejected: list[Item] = []
    with state.ledger.writing():
        for item in items:
            done = _flaw(item) or handler(state, item)
            if isinstance(done, dict):
                accepted.append(done)
                continue
            code, message = done
            rejected.append(
                {"number": str(item.get("number")), "error": {"code": code, "message": message}}
            )
    return as_json({"code": 0, "data": {"accepted": accepted, "rejected": rejected}})


def _items(body: bytes) -> list[Item]:
    """Decode the payload of a call. Raises ValueError."""
    items = json.loads(body)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ValueError("Submitted data is invalid")
    if not 1 <= len(items) <= MAX_NUMBERS:
        raise ValueError(f"1 to {MAX_NUMBERS} numbers a call")
    return items


def _flaw(item: Item) -> tuple[int, str] | None:
    if unknown := item.keys() - KNOWN_FIELDS:
        return -18010013, f"Unknown field {min(unknown)}"
    if not isinstance(item.get("number"), str) or not NUMBER.fullmatch(item["number"]):
        return -18010012, "The tracking number is invalid"
    if not isinstance(item.get("carrier", 0), int):
        return -18010013, "carrier is a number"
    return None


def _register(state: SandboxState, item: Item) -> Item | tuple[int, str]:
    number = item["number"]
    if state.ledger.run("UPDATE numbers SET times = times + 1 WHERE number = ?", number):
        return -18019901, f"The tracking number {number!r} has been registered"
    if number.startswith(UNDETECTABLE):
        return -18019903, "Carrier cannot be detected"
    quota, used = state.rules.quota, state.ledger.rows("SELECT number FROM numbers")
    if quota and len(used) >= quota:
        return -18019908, "Quota is used up"
    carrier = item.get("carrier") or carrier_of(number)[0]
    state.ledger.insert(
        "numbers",
        number=number,
        tag=str(item.get("tag", "")),
        carrier=carrier,
        lang=str(item.get("lang", "")),
        registered_s=state.now(),
        moved_s=state.now(),
    )
    return {"number": number, "carrier": carrier, "origin": 1, "tag": item.get("tag")}


def _info(state: SandboxState, item: Item) -> Item | tuple[int, str]:
    row = state.ledger.row("SELECT * FROM numbers WHERE number = ?", item["number"])
    if row is None:
        return -18019902, "The tracking number is not registered"
    return report(state, row)


HANDLERS: Mapping[str, Callable[[SandboxState, Item], Item | tuple[int, str]]] = {
    "register": _register,
    "gettrackinfo": _info,
}


def _refused(code: int, message: str, *, status: int = 200) -> Reply:
    problem = {"code": code, "message": message}
    return as_json({"code": code, "data": {"errors": [problem]}}, status=status)


def _busy(fault: Fault) -> Reply:
    return replace(_refused(-18010012, "Too many requests", status=429), headers=retry_after(fault))


def _rewrite(change: Callable[[Item], None]) -> Callable[[Reply], Reply]:
    def rewrite(reply: Reply) -> Reply:
        answer = json.loads(reply.body)
        change(answer)
        return replace(reply, body=json.dumps(answer).encode())

    return rewrite


def _swap_numbers(answer: Item) -> None:
    """Report about numbers that were not asked for."""
    for item in answer["data"].get("accepted", ()):
        item["number"] = f"{item['number']}X"


BEFORE: Mapping[str, Callable[[Fault], Reply]] = {
    "500": lambda _: _refused(-18010003, "Internal error", status=500),
    "429": _busy,
    "empty": lambda _: Reply(),
    "no_registration": lambda _: as_json({"code": 0, "data": {"accepted": [], "rejected": []}}),
}
AFTER: Mapping[str, Callable[[Reply], Reply]] = {"wrong_number": _rewrite(_swap_numbers)}
