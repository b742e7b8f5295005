"""Change latency scenario: measure how soon a supplier's change shows on the product page.

The shop learns of the change by webhook, or by its stock job. The web server and the workers run as
in production, page cache included.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from catalog.models import Listing, ProductCard
from storefront.dev.bench.harness.load import HOST
from storefront.dev.bench.harness.servers import FIRST_PORT, serving
from storefront.dev.bench.harness.suppliers import Company, company
from storefront.dev.bench.harness.workers import queue_sync, workers
from storefront.dev.runtime.ports import free_port
from storefront.dev.runtime.processes import wait_until
from storefront.lib.http.client import ApiClient
from storefront.ops.http_visitor import Visitor
from suppliers.models import StockLevel
from suppliers.shipping_services.selection import ASSUMED_WEIGHT_G

CODE, SEED = "latency", 3
PRODUCTS = 150
BY_WEBHOOK, BY_STOCK_JOB = 60, 12  # changes that a webhook reports, and that the stock job finds
PATIENCE_S = 20.0
LOOK_EVERY_S = 0.01
PROCESSES = 4
# One parcel of 20 kg takes the largest stock that is set, so that the page shows all of it.
MAX_WEIGHT_G = 20_000 // (3 + BY_WEBHOOK + BY_STOCK_JOB)
LEFT = re.compile(r"In stock: ([\d,]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """Seconds from the supplier's change until the page showed it.

    Shape:  ``by_webhook``: a webhook reported the change; ``by_stock_job``: the stock job found it,
            counted from the start of the job
    """

    by_webhook: Sequence[float]
    by_stock_job: Sequence[float]

    def percentile(self, name: str, share: float) -> float:
        ranked = sorted(getattr(self, name))
        return float(ranked[min(len(ranked) - 1, int(len(ranked) * share))])


class NeverShownError(RuntimeError):
    """The page did not show a change within ``PATIENCE_S``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedVariant:
    """One variant that is in one warehouse only, so that the page shows exactly that stock."""

    external_id: str
    warehouse: str
    path: str


def measure(*, folder: Path, say: Callable[[str], None]) -> Latencies:
    """Change the stock of one variant after the other; read its page until it shows the change."""
    port = free_port(FIRST_PORT)
    more = ["--webhook-url", f"http://{HOST}:{port}/hooks/cj-{CODE}/"]
    with (
        company(CODE, SEED, folder=folder, products=PRODUCTS, more=more) as supplier,
        serving("latency", port=port),
        workers(folder, {}, processes=PROCESSES),
    ):
        visitor = Visitor()
        goods = [variant for variant in _goods(supplier) if shown(visitor, variant, port=port)]
        random = Random(SEED)  # noqa: S311 - selects goods, no secret
        # This change warms up all processes, and does not count.
        change(supplier, random.choice(goods), 2, port=port, has_webhook=True)
        # Each change sets another stock, counted up from ``first``.
        turns = ((3, BY_WEBHOOK, True), (3 + BY_WEBHOOK, BY_STOCK_JOB, False))
        by_webhook, by_stock_job = (
            [
                change(
                    supplier, random.choice(goods), first + turn, port=port, has_webhook=has_webhook
                )
                for turn in range(count)
            ]
            for first, count, has_webhook in turns
        )
    latencies = Latencies(by_webhook=by_webhook, by_stock_job=by_stock_job)
    for name, source in (("by_webhook", "by webhook"), ("by_stock_job", "by stock job")):
        say(
            f"{source}: p50 {latencies.percentile(name, 0.5):.2f} s,"
            f" p95 {latencies.percentile(name, 0.95):.2f} s of {len(getattr(latencies, name))}"
        )
    return latencies


def change(
    supplier: Company, variant: WatchedVariant, units: int, *, port: int, has_webhook: bool
) -> float:
    """Set the stock in the supplier's warehouse; return the seconds until the page shows it."""
    wish = {"vid": variant.external_id, "warehouse": variant.warehouse, "quantity": units}
    visitor = Visitor()
    with ApiClient(supplier.url) as control:
        began = time.monotonic()
        control.post("/control/stock", wish if has_webhook else wish | {"silent": True})
        if not has_webhook:
            began = time.monotonic()
            queue_sync(supplier.supplier, "stock")
        if wait_until(
            lambda: shown(visitor, variant, port=port) == units,
            seconds=PATIENCE_S,
            poll_s=LOOK_EVERY_S,
        ):
            return time.monotonic() - began
    raise NeverShownError(f"{units} of {variant.external_id}: {variant.path}")


def shown(visitor: Visitor, variant: WatchedVariant, *, port: int) -> int | None:
    """Return the number of units that the page shows; None if it shows no number."""
    found = LEFT.search(visitor.open(f"http://{HOST}:{port}{variant.path}").text)
    return int(found[1].replace(",", "")) if found else None


def _goods(supplier: Company) -> list[WatchedVariant]:
    mine = StockLevel.objects.filter(offer__supplier=supplier.supplier, offer__status="active")
    alone: dict[int, list[StockLevel]] = {}
    for level in mine.select_related("offer__variant__product", "location"):
        alone.setdefault(level.offer_id, []).append(level)
    shown_at_all = set(ProductCard.objects.values_list("product", flat=True))
    on_sale = set(Listing.objects.filter(available__gt=0).values_list("variant", flat=True))
    return [
        WatchedVariant(
            external_id=level.offer.supplier_sku,
            warehouse=level.location.code,
            path=f"/en/p/{level.offer.variant.product.slug}/?v={level.offer.variant.sku}",
        )
        for (level, *others) in alone.values()
        if not others
        and level.offer.variant is not None
        and level.offer.variant_id in on_sale
        and (level.offer.variant.packed_weight_g or ASSUMED_WEIGHT_G) <= MAX_WEIGHT_G
        and level.offer.variant.product_id in shown_at_all
    ]
