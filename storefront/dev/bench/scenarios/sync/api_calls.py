"""API call scenario: count calls of a first sync, a repeated one, and one after changes.

``make bench ONLY=F2`` stores the counts beside the fewest calls that suffice. Each supplier is a
sandbox with all its rate limits. A limit holds for a window: a day (CJ) or an hour (BigBuy). When a
limit is used up, the next window starts at once; windows are counted too.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db.models import Count
from django.test.utils import override_settings
from django.utils import timezone

from storefront.dev.bench.harness.connectors import SELLERS, Asked, Seller, Size
from storefront.dev.bench.harness.suppliers import sandbox
from storefront.lib.http.client import ApiClient
from suppliers.models import CallQuota, Connection, StockLevel, Supplier, SupplierOffer, SyncRun
from suppliers.sync import price_reading as sync_prices
from suppliers.sync import products, schedule
from suppliers.sync.runner import run_sync

KINDS = ("products", "prices", "stock")
FIRST, AGAIN, DELTA = "first", "again", "1 % changed"
CHANGED_OF = 100
PRICE_FACTOR = Decimal("0.97")
UNITS = 3
MOST_WINDOWS = 30


class StuckError(Exception):
    """A job failed for another reason than an exhausted rate limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCallFigures:
    """The calls of one run of all three jobs.

    Shape: ``asked`` was counted by our runs, ``counted`` by the sandbox; ``least`` would suffice.
    ``done`` of ``wanted`` products or changes were imported.
    """

    dialect: str
    phase: str
    products: int
    asked: Asked
    counted: Asked
    least: Asked
    by_ability: dict[str, int]
    windows: int
    done: int
    wanted: int
    seconds: float

    @property
    def words(self) -> str:
        points = f" {self.counted.points:>8,} points" if self.counted.points else ""
        lists = f", {self.counted.lists:,} of lists" if self.counted.lists else ""
        by_ability = ", ".join(f"{count:,} {name}" for name, count in self.by_ability.items())
        return (
            f"{self.dialect:<7} {self.phase:<12} {self.products:>7,} products"
            f" {self.counted.calls:>7,} calls{lists} (fewest {self.least.calls:,}){points}"
            f" {self.windows:>2} windows {self.seconds:7.1f} s  {by_ability}"
        )


def measure(*, products: int, say: Callable[[str], None]) -> list[ApiCallFigures]:
    """Measure each connector with this many valid products; delete downloaded files at the end."""
    found: list[ApiCallFigures] = []
    with TemporaryDirectory(prefix="fara-bench-") as folder, override_settings(FEEDS_ROOT=folder):
        for seller in SELLERS:
            words = ["--count", str(products), *seller.words]
            data = Path(folder) / f"sandbox-{seller.name}"
            with sandbox(seller.module, data=data, words=words) as url, ApiClient(url) as control:
                for each in _phases(seller, seller.connect(url), control, good=products):
                    say(each.words)
                    found.append(each)
    return found


def _phases(
    seller: Seller, supplier: Supplier, control: ApiClient, *, good: int
) -> Iterable[ApiCallFigures]:
    listed = int(control.get("/control/status")["products"])
    known = SupplierOffer.objects.filter(supplier=supplier)
    yield _measure_phase(
        seller,
        supplier,
        control,
        phase=FIRST,
        size=lambda: Size(products=listed, variations=_variations(supplier)),
        outcome=lambda: (known.values("product_external_id").distinct().count(), good),
    )
    turns = _turns(listed, supplier)
    size = Size(products=listed, variations=_variations(supplier), turns=turns)
    yield _measure_phase(
        seller, supplier, control, phase=AGAIN, size=lambda: size, outcome=lambda: (1, 1)
    )
    wanted = _change(seller, supplier, control)
    yield _measure_phase(
        seller,
        supplier,
        control,
        phase=DELTA,
        size=lambda: replace(size, changed=len(wanted)),
        outcome=lambda: (_count_imported(wanted), len(wanted)),
    )


def _variations(supplier: Supplier) -> int:
    of_products = SupplierOffer.objects.filter(supplier=supplier).values("product_external_id")
    counts = of_products.annotate(skus=Count("pk")).values_list("skus", flat=True)
    return sum(skus for skus in counts if skus > 1)


def _turns(listed: int, supplier: Supplier) -> int:
    """Count the products that one run reads in turn, changed or not: costs daily, texts weekly."""
    connection = supplier.connection
    prices = sync_prices.ROTATION_PERIOD // timedelta(minutes=connection.prices_every_min)
    words = products.ROTATION_PERIOD // timedelta(minutes=connection.products_every_min)
    return listed // prices + listed // words


def _measure_phase(  # noqa: PLR0913 - the parts of a measurement
    seller: Seller,
    supplier: Supplier,
    control: ApiClient,
    *,
    phase: str,
    size: Callable[[], Size],
    outcome: Callable[[], tuple[int, int]],
) -> ApiCallFigures:
    _next_window(seller, supplier, control)
    before, began = seller.counted(control), time.perf_counter()
    runs, windows = _until_done(seller, supplier, control)
    seconds, after = time.perf_counter() - began, seller.counted(control)
    by_ability = sum((Counter(run.calls) for run in runs), Counter[str]())
    points = sum(run.points.get("points", 0) for run in runs)
    done, wanted = outcome()
    sizes = size()
    return ApiCallFigures(
        dialect=seller.name,
        phase=phase,
        products=sizes.products,
        asked=Asked(calls=by_ability.total(), points=points),
        counted=after.since(before),
        least=seller.least(sizes, is_first=phase == FIRST),
        by_ability=dict(by_ability),
        windows=windows,
        done=done,
        wanted=wanted,
        seconds=seconds,
    )


def _until_done(
    seller: Seller, supplier: Supplier, control: ApiClient
) -> tuple[list[SyncRun], int]:
    """Run all three jobs until they are done; return the runs, and the number of windows."""
    runs: list[SyncRun] = []
    done: set[str] = set()
    for window in range(1, MOST_WINDOWS):
        began = timezone.now()
        for kind in KINDS:
            if kind in done:
                continue
            now = timezone.now()
            since = max(began, schedule.list_since(supplier, kind, now=now))
            run = run_sync(supplier=supplier, kind=kind, now=now, list_since=since)
            runs.append(run)
            if run.status == SyncRun.Status.APPLIED and not run.deferred_rows:
                done.add(kind)
            elif not CallQuota.objects.filter(connection__supplier=supplier).exists():
                raise StuckError(f"{run}: {run.problem}")
        if len(done) == len(KINDS):
            return runs, window
        _next_window(seller, supplier, control)
    raise StuckError(f"{supplier} is not done after {MOST_WINDOWS} windows: {runs[-1].problem}")


def _next_window(seller: Seller, supplier: Supplier, control: ApiClient) -> None:
    over = timezone.now() - timedelta(seconds=1)
    CallQuota.objects.filter(connection__supplier=supplier).update(until=over)
    Connection.objects.filter(supplier=supplier).update(paused_until=None)
    seller.next_window(control)


def _change(seller: Seller, supplier: Supplier, control: ApiClient) -> dict[int, Decimal]:
    """Lower the cost of one product in a hundred, and change its stock; return costs by offer."""
    wanted: dict[int, Decimal] = {}
    cheapest = (
        SupplierOffer.objects.filter(
            supplier=supplier, status=SupplierOffer.Status.ACTIVE, cost_amount__isnull=False
        )
        .order_by("product_external_id", "cost_amount", "pk")
        .distinct("product_external_id")
    )
    for offer in list(cheapest)[::CHANGED_OF]:
        level = StockLevel.objects.filter(offer=offer).select_related("location").first()
        if level is None or offer.cost_amount is None:
            continue
        price = (offer.cost_amount * PRICE_FACTOR).quantize(Decimal("0.01"))
        place = level.location.code
        seller.change(control, offer.supplier_sku, price=price, place=place, units=UNITS)
        wanted[offer.pk] = price
    return wanted


def _count_imported(wanted: dict[int, Decimal]) -> int:
    offers = SupplierOffer.objects.filter(pk__in=wanted).values_list("pk", "cost_amount")
    return sum(wanted[key] == cost for key, cost in offers)
