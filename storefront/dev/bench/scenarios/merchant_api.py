"""Merchant API scenario: time lists, single objects and price explanations over HTTP."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from catalog.models import Listing, Product, Variant
from orders.models import Order
from storefront.api.core import api_keys
from storefront.api.models import Scope
from storefront.dev.bench.harness.load import HOST, Timing
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
    """The time of one kind of request in ms; ``is_large``: a page of ``MOST_ROWS`` rows."""

    what: str
    is_large: bool
    p50_ms: float
    p95_ms: float

    @property
    def line(self) -> str:
        return f"{self.what:<40} p50 {self.p50_ms:6.1f} ms, p95 {self.p95_ms:6.1f} ms"


def measure(server: Server, *, now: datetime, say: Callable[[str], None]) -> list[ReadTime]:
    """Request pages of each list, and single objects; the shop is filled already."""
    found = []
    for what, is_large, times_of in _series():
        # A key for each, because of its rate limit.
        key = api_keys.create(name=what, scopes=Scope.values, actor="bench", now=now)[1]
        with httpx.Client(
            base_url=f"http://{HOST}:{server.port}",
            headers={"Authorization": f"Bearer {key}"},
            timeout=TIMEOUT_S,
        ) as client:
            taken = list(times_of(client))
        timing = Timing(seconds=sum(taken), latencies_s=taken)
        p50_ms, p95_ms = (timing.percentile_ms(rate) for rate in (0.5, 0.95))
        found.append(ReadTime(what=what, is_large=is_large, p50_ms=p50_ms, p95_ms=p95_ms))
        say(found[-1].line)
    return found


type TimesOf = Callable[[httpx.Client], Iterator[float]]


def _series() -> Iterator[tuple[str, bool, TimesOf]]:
    for name, expand in LISTS.items():
        first = f"{ADMIN}/{name}/?limit="
        more = f"&expand={expand}" if expand else ""
        yield f"{name}, {FEW_ROWS} rows", False, _pages(f"{first}{FEW_ROWS}")
        yield f"{name}, {MOST_ROWS} rows, expanded", True, _pages(f"{first}{MOST_ROWS}{more}")
    for model, key, path in (
        (Product, "pk", "/products/{}/?expand=variants,images"),
        (Variant, "pk", "/variants/{}/"),
        (Variant, "sku", "/variants/?sku={}"),
        (Listing, "pk", "/listings/{}/"),
        (Listing, "pk", "/listings/{}/explanation/"),
        (Order, "number", f"/orders/{{}}/?expand={LISTS['orders']}"),
    ):
        keys = model.objects.order_by("?").values_list(key, flat=True)[:OBJECTS]
        yield path, False, _objects([ADMIN + path.format(each) for each in keys])


def _pages(first: str) -> TimesOf:
    def times(client: httpx.Client) -> Iterator[float]:
        _get(client, first)  # warms up
        path = first
        for _ in range(PAGES):
            took_s, page = _get(client, path)
            yield took_s
            if page["next"] is None:
                break
            parts = urlsplit(page["next"])
            path = f"{parts.path}?{parts.query}"

    return times


def _objects(paths: Sequence[str]) -> TimesOf:
    return lambda client: (_get(client, path)[0] for path in paths)


def _get(client: httpx.Client, path: str) -> tuple[float, Any]:
    began = time.perf_counter()
    response = client.get(path)
    took_s = time.perf_counter() - began
    response.raise_for_status()
    return took_s, response.json()
