"""Merchant API scenario: time lists, single objects and price explanations over HTTP."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from catalog.models import Listing, Product, Variant
from orders.models import Order
from storefront.api.core import api_keys
from storefront.api.models import Scope
from storefront.dev.bench.harness.load import HOST, BadAnswerError, Timing
from storefront.dev.bench.harness.servers import Server

ADMIN = "/api/v1/admin"
LISTS = {
    "products": "variants,images",
    "variants": "",
    "listings": "",
    "stock": "",
    "orders": "lines,payments,purchase_orders,parcels,returns",
}
FEW_ROWS, MOST_ROWS = 50, 250
PAGES = 20  # of each list, from its beginning
OBJECTS = 40
TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTime:
    """The time of one kind of request in ms, and its CPU, with that of its queries."""

    what: str
    p50_ms: float
    p95_ms: float
    cpu_ms: float

    @property
    def line(self) -> str:
        times = f"p50 {self.p50_ms:6.1f} ms, p95 {self.p95_ms:6.1f} ms, CPU {self.cpu_ms:6.1f} ms"
        return f"{self.what:<70} {times}"


def measure(server: Server, *, now: datetime, say: Callable[[str], None]) -> list[ReadTime]:
    """Request pages of each list, and single objects; the shop is filled already."""
    found = []
    for number, (what, times_of) in enumerate(_series()):
        # A key for each, because of its rate limit.
        name = f"bench {number}"
        key = api_keys.create(name=name, scopes=Scope.values, actor="bench", now=now)[1]
        client = Client(HTTPConnection(HOST, server.port, timeout=TIMEOUT_S), key)
        before = server.cpu()
        taken = list(times_of(client))
        cpu_ms = server.cpu().since(before).whole_s * 1000 / len(taken)
        client.connection.close()
        timing = Timing(seconds=sum(taken), latencies_s=taken)
        p50_ms, p95_ms = (timing.percentile_ms(rate) for rate in (0.5, 0.95))
        found.append(ReadTime(what=what, p50_ms=p50_ms, p95_ms=p95_ms, cpu_ms=cpu_ms))
        say(found[-1].line)
    return found


@dataclass(frozen=True, slots=True)
class Client:
    """A program with its connection and key."""

    connection: HTTPConnection
    key: str

    def get(self, path: str) -> tuple[float, Any]:
        """Return the seconds of a request, and its answer. Raises BadAnswerError."""
        began = time.perf_counter()
        self.connection.request("GET", path, headers={"Authorization": f"Bearer {self.key}"})
        response = self.connection.getresponse()
        content = response.read()
        took_s = time.perf_counter() - began
        if response.status != HTTPStatus.OK:
            raise BadAnswerError(f"{path}: {response.status}")
        return took_s, json.loads(content)


type TimesOf = Callable[[Client], Iterator[float]]


def _series() -> Iterator[tuple[str, TimesOf]]:
    for name, expand in LISTS.items():
        first = f"{ADMIN}/{name}/?limit="
        more = f"&expand={expand}" if expand else ""
        yield f"{name}, {FEW_ROWS} rows", _pages(f"{first}{FEW_ROWS}")
        yield f"{name}, {MOST_ROWS} rows, expanded", _pages(f"{first}{MOST_ROWS}{more}")
    for model, key, path in (
        (Product, "pk", "/products/{}/?expand=variants,images"),
        (Variant, "pk", "/variants/{}/"),
        (Variant, "sku", "/variants/?sku={}"),
        (Listing, "pk", "/listings/{}/"),
        (Listing, "pk", "/listings/{}/explanation/"),
        (Order, "number", f"/orders/{{}}/?expand={LISTS['orders']}"),
    ):
        keys = model.objects.order_by("?").values_list(key, flat=True)[:OBJECTS]
        yield path, _objects([ADMIN + path.format(each) for each in keys])


def _pages(first: str) -> TimesOf:
    def times(client: Client) -> Iterator[float]:
        path = first
        for _ in range(PAGES):
            took_s, page = client.get(path)
            yield took_s
            if page["next"] is None:
                break
            parts = urlsplit(page["next"])
            path = f"{parts.path}?{parts.query}"

    return times


def _objects(paths: Sequence[str]) -> TimesOf:
    return lambda client: (client.get(path)[0] for path in paths)
