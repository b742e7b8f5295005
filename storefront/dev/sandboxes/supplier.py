"""Supplier sandbox: the state, server and controls that every supplier has."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from storefront.dev.sandboxes.core import command_line
from storefront.dev.sandboxes.core.control import FAULT_ACTIONS, Actions, perform
from storefront.dev.sandboxes.core.faults import Faults
from storefront.dev.sandboxes.core.http_server import Listener, Reply, Request, as_html, serve
from storefront.dev.sandboxes.core.ledger import Ledger
from storefront.dev.sandboxes.goods.model import Product
from storefront.dev.sandboxes.pictures import coloring


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRules:
    """Limits and speed of a supplier; each is an option of the command line.

    Units:  ``pace_s`` is the time between two status changes of an order, 0: manual only
    """

    pace_s: float = 0.0


class SupplierState[R: BaseRules]:
    """One sandbox: its address, rules, ledger and faults."""

    def __init__(self, *, base_url: str, rules: R, ledger: Ledger, faults: Faults) -> None:
        self.base_url, self.rules, self.ledger, self.faults = base_url, rules, ledger, faults
        self.ahead_s = float(ledger.fact("ahead_s", 0))
        self.stopping = threading.Event()

    def now(self) -> float:
        """Return the sandbox's time: the real time, shifted by ``advance_clock``."""
        return time.time() + self.ahead_s

    def advance_clock(self, seconds: float) -> None:
        """Advance the clock: tokens expire, points return, orders move; it never goes back."""
        self.ahead_s += max(seconds, 0.0)
        self.ledger.set_fact("ahead_s", self.ahead_s)

    @property
    def pace_s(self) -> float:
        return float(self.ledger.fact("pace_s", self.rules.pace_s))

    @property
    def kept_share(self) -> float:
        """The share of the listed products; below 1 after ``drop_catalog``."""
        return 1 - float(self.ledger.fact("dropped_share", 0))

    def due_messages(self) -> Iterator[dict[str, Any]]:
        """Yield the webhooks to send now, until the sandbox stops."""
        for message in self.ledger.rows(
            "SELECT * FROM messages WHERE state = 'waiting' AND due_s <= ? ORDER BY due_s, id",
            self.now(),
        ):
            if self.stopping.is_set():
                return
            yield message

    def record_attempt(
        self, message: dict[str, Any], *, outcome: str, said: str, retry_s: float
    ) -> None:
        self.ledger.run(
            "UPDATE messages SET state = ?, tries = tries + 1, last_status = ?, due_s = ?"
            " WHERE id = ?",
            *(outcome, said, self.now() + retry_s, message["id"]),
        )


def _pace(state: SupplierState[Any], arguments: dict[str, Any]) -> dict[str, Any]:
    state.ledger.set_fact("pace_s", max(float(arguments["seconds"]), 0))
    return {"seconds": state.pace_s}


def _drop_catalog(state: SupplierState[Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """Drop a share of the products from the end of all lists."""
    state.ledger.set_fact("dropped_share", min(max(float(arguments["share"]), 0), 1))
    return {"kept": state.kept_share}


def advance_clock(state: SupplierState[Any], arguments: dict[str, Any]) -> dict[str, Any]:
    state.advance_clock(float(arguments["seconds"]))
    return {"ahead_s": state.ahead_s}


SUPPLIER_ACTIONS: Actions[SupplierState[Any]] = {
    **FAULT_ACTIONS,
    ("POST", "pace"): _pace,
    ("POST", "drop_catalog"): _drop_catalog,
}


class ProductFinder(Protocol):
    """The products of a sandbox, found by picture id."""

    seed: int

    def by_pid(self, pid: str) -> Product | None: ...


class SupplierServer(Listener):
    """API, controls, pictures and a status page on one port."""

    def __init__[S: SupplierState[Any]](  # noqa: PLR0913 - the parts of a supplier
        self,
        address: tuple[str, int],
        *,
        state: S,
        products: ProductFinder,
        actions: Actions[S],
        reply: Callable[[Request], Reply],
        page: Callable[[], str],
    ) -> None:
        def answer(asked: Request) -> Reply:
            if asked.path == "/":
                return as_html(page())
            if asked.path.startswith(coloring.PREFIX):
                return coloring.picture(asked.path, find=products.by_pid, seed=products.seed)
            return reply(asked)

        super().__init__(address, answer=answer, control=partial(perform, actions, state))


def run(server: Listener, state: SupplierState[Any], threads: Iterable[threading.Thread]) -> None:
    """Serve until a signal, then stop the threads and close the ledger."""
    serve(server, state, stopping=state.stopping.set)
    for thread in threads:
        thread.join(timeout=5)
    state.ledger.close()


def run_supplier[S: SupplierState[Any]](  # noqa: PLR0913 - the parts of a supplier
    words: Sequence[str] | None,
    name: str,
    description: str | None,
    *,
    count: int,
    rules: type[BaseRules],
    make_state: Callable[..., S],
    make_server: Callable[..., Listener],
    threads: Sequence[Callable[[S], threading.Thread]] = (),
) -> None:
    """Run a supplier with the options in ``words``, or of the command line, until a signal."""
    options = command_line.parser(name, description)
    options.add_argument("--count", type=int, default=count, help="number of valid products")
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--public-url", default="", help="base URL of the images")
    command_line.add_rules(options, rules)
    asked = options.parse_args(words)
    state = make_state(
        folder=asked.data,
        base_url=asked.public_url,
        count=asked.count,
        seed=asked.seed,
        rules=command_line.chosen_rules(rules, asked),
    )
    server = make_server((asked.host, asked.port), state=state)
    run(server, state, [start(state) for start in threads])
