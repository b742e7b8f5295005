"""Store workload: order the same products in each store, oversell there, refund an order."""

import threading
import time
import urllib.error
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from django.db import connection as database
from django.utils import timezone

from catalog.models import Image, Variant
from catalog.products import images
from orders.models import Order, Payment
from shipping.models import Parcel
from storefront.dev.chaos.instance import stop
from storefront.dev.chaos.instance.control import control
from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.chaos.workload.goods import SellableProduct
from storefront.dev.chaos.workload.refunds import REFUND_AMOUNT, refund, refundable
from storefront.lib.money import Money
from storefront.sales_channels.connections.factory import open_platform
from storefront.sales_channels.connections.tasks import subscribe_all
from storefront.sales_channels.drift import check
from storefront.sales_channels.models import ChannelRun, Connection, Drift, RemoteOrderRecord
from storefront.sales_channels.orders.intake import RETURNED
from storefront.sales_channels.orders.tasks import poll_stores
from storefront.sales_channels.platforms.base import RemoteOrder

MERCHANT = "shopify"  # whose merchant raises the stock of a product
TOO_MANY = 5_000  # units that no supplier has
MAX_HOT = 2  # orders of the hot product in each store
PAUSE_S = (0.2, 1.2)
REFUND_CALLS = ("/refundCreate", "/refunds:POST")  # their names in the sandboxes
LISTED_WITHIN_S = 90.0
PICTURES = 200
Status = RemoteOrderRecord.Status


class NotListedError(RuntimeError):
    """A store does not show a product in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOrder:
    """An order that a store took, as its control returned it."""

    platform: str
    external_id: str


@dataclass(slots=True, kw_only=True)
class StoreCustomers:
    """Customers and merchants of all stores; ``refused`` counts what a store did not sell."""

    place: Instance
    goods: Sequence[SellableProduct]
    rng: Random
    orders_per_phase: int
    orders: list[StoreOrder] = field(default_factory=list)
    refused: int = 0
    refunded: list[str] = field(default_factory=list)  # numbers of orders refunded by one euro
    errors: list[str] = field(default_factory=list)
    drift_found: int = 0

    def wait_until_listed(self) -> None:
        """Wait until each store shows all products. Raises NotListedError."""
        if not self.orders_per_phase:
            return
        subscribe_all.delay()
        wanted = set(self._skus())
        until = time.monotonic() + LISTED_WITHIN_S
        for platform, url in self.place.store_urls.items():
            while missing := wanted - _shown_in(url):
                if time.monotonic() > until:
                    raise NotListedError(f"{platform} does not show {sorted(missing)}")
                _fetch_pictures()
                stop.sleep(self.place, 0.5)
        # An order that cannot be fulfilled is refused at once.
        Connection.objects.update(refuse_after_hours=0)

    def begin(self) -> threading.Thread:
        """Start the orders of one phase."""
        stores = self.place.store_urls if self.orders_per_phase else ()
        plan = [
            (platform, self._draw()) for platform in stores for _ in range(self.orders_per_phase)
        ]
        self.rng.shuffle(plan)
        thread = threading.Thread(target=self._order_all, args=(plan,), daemon=True)
        thread.start()
        return thread

    def _draw(self) -> tuple[int, int]:
        """Return a product and units."""
        return self.rng.randrange(len(self.goods)), self.rng.randint(1, 2)

    def _order_all(self, plan: Sequence[tuple[str, tuple[int, int]]]) -> None:
        if not plan:
            return
        skus, hot = self._skus(), Counter[str]()
        database.close()  # of this thread
        try:
            self._oversell(skus[-1])
            for platform, (goods, units) in plan:
                if stop.is_requested(self.place):
                    return
                hot[platform] += goods == 0
                chosen = goods if goods or hot[platform] <= MAX_HOT else 1
                self._order(platform, skus[chosen], units)
                stop.sleep(self.place, self.rng.uniform(*PAUSE_S))
        except Exception as error:  # noqa: BLE001 - the run goes on
            self.errors.append(f"a customer of a store failed: {error!r}")

    def _oversell(self, sku: str) -> None:
        """Let a merchant raise the stock of a product, and a customer order all of it."""
        url = self.place.store_urls[MERCHANT]
        control(url, "stock", {"sku": sku, "quantity": TOO_MANY})
        self._order(MERCHANT, sku, TOO_MANY)

    def _order(self, platform: str, sku: str, units: int) -> None:
        try:
            made = control(self.place.store_urls[platform], "orders", {"units": {sku: units}})
        except urllib.error.HTTPError:  # sold out there
            self.refused += 1
        else:
            self.orders.append(StoreOrder(platform=platform, external_id=str(made["id"])))

    def _skus(self) -> list[str]:
        ids = [light.variant_id for light in self.goods]
        skus = dict(Variant.objects.filter(pk__in=ids).values_list("pk", "sku"))
        return [skus[pk] for pk in ids]

    def poll_unread(self) -> bool:
        """Let a worker poll the stores while one has an order that the shop does not know."""
        if not self.orders:
            return False
        known = set(RemoteOrderRecord.objects.values_list("external_id", flat=True))
        if known >= {order.external_id for order in self.orders}:
            return False
        poll_stores.delay()
        return True

    def refund(self, *, is_last: bool) -> bool:
        """Refund one euro of an order of each store, whose answer is lost; return if it did.

        Nothing is done until each store has an order that suppliers accepted; if ``is_last``, fewer
        are enough.
        """
        if self.refunded or not self.orders:
            return False
        chosen = {
            platform: order
            for platform in self.place.store_urls
            if (order := refundable().filter(remote_order__connection__platform=platform).first())
        }
        if len(chosen) < len(self.place.store_urls) and not is_last:
            return False
        for platform, order in chosen.items():
            for path in REFUND_CALLS:
                fault = {"path": path, "kind": "drop_after"}
                control(self.place.store_urls[platform], "faults", fault)
            refund(order)
            self.refunded.append(order.number)
        return bool(chosen)

    # Final checks

    def correct_drift(self) -> bool:
        """Compare the stores with our listings, queue what differs; return whether any did."""
        found = 0
        for each in Connection.objects.all():
            check.check_drift(each.pk, now=timezone.now())
            found += each.runs.filter(kind=ChannelRun.Kind.DRIFT).latest("pk").found
        self.drift_found += found
        return bool(found)

    def violations(self) -> Iterator[str]:
        """Yield what is wrong with the store orders, and what still differs there."""
        if not self.orders_per_phase:
            return
        imported = 0
        for platform in self.place.store_urls:
            store = Connection.objects.get(platform=platform)
            with open_platform(store, is_for_order=True) as adapter:
                for each in (order for order in self.orders if order.platform == platform):
                    remote = adapter.order(each.external_id)
                    if remote is None:
                        yield f"{platform} {each.external_id} is not in the store"
                        continue
                    record = store.orders.filter(external_id=remote.external_id).first()
                    imported += record is not None and record.status == Status.IMPORTED
                    yield from self._wrong_with(remote, record, platform)
            made = Order.objects.filter(channel=store.channel).count()
            known = store.orders.filter(status=Status.IMPORTED).count()
            if made != known:
                yield f"{platform}: {known} orders were imported, {made} were made"
        if not imported:
            yield "no store order was imported"
        if self.correct_drift():
            names = Drift.objects.filter(corrected_at=None).values_list("field", "ours", "theirs")
            yield f"a store differs from our listings: {list(names)[:3]}"

    def _wrong_with(
        self, remote: RemoteOrder, record: RemoteOrderRecord | None, platform: str
    ) -> Iterator[str]:
        name = f"{platform} {remote.name}"
        kept = remote.total.minor - sum(refund.amount.minor for refund in remote.refunds)
        if record is None:
            yield f"{name} was never imported"
        elif record.status == Status.REFUSED:
            if not remote.is_canceled or kept:
                yield f"{name} was refused, but {kept} were kept"
        elif record.status != Status.IMPORTED:
            yield f"{name} is {record.status}: {record.problem} {record.detail}"
        else:
            yield from self._wrong_with_imported(remote, record, name, kept)

    def _wrong_with_imported(
        self, remote: RemoteOrder, record: RemoteOrderRecord, name: str, kept: int
    ) -> Iterator[str]:
        orders = Order.objects.filter(external_reference=remote.external_id)
        orders = orders.filter(channel=record.connection.channel)
        if orders.count() != 1:
            yield f"{name} became {orders.count()} orders"
            return
        order = orders.get()
        ours = sum(
            Money(payment.captured_amount - payment.refunded_amount, payment.currency).minor
            for payment in Payment.objects.filter(order=order)
        )
        if ours != kept:
            yield f"{name}: {kept} were kept in the store, {ours} by our books"
        times = sum(refund.amount.amount == REFUND_AMOUNT for refund in remote.refunds)
        if order.number in self.refunded and times != 1:
            yield f"{name} was refunded {times} times"
        # Two platforms have one status: a full refund after the cancellation replaces it.
        is_ended = remote.is_canceled or remote.payment in RETURNED
        is_canceled = order.status == Order.Status.CANCELED
        if remote.is_canceled > is_canceled or is_canceled > is_ended:
            yield f"{name} is {order.status} here, canceled there: {remote.is_canceled}"
        sent = Parcel.objects.filter(
            shipment__purchase_order__order=order, status__in=Parcel.LEFT, lines__isnull=False
        ).distinct()
        url = self.place.store_urls[record.connection.platform]
        rows = control(url, "parcels", {"id": remote.external_id}, method="GET")
        told = Counter(row["number"] for row in rows)
        if told != Counter(sent.values_list("number", flat=True)):
            yield f"{name}: the store was told of {sorted(told.elements())}, {sent.count()} left"


def _fetch_pictures() -> None:
    """Fetch missing pictures, also of a slow host: a product without one is not published."""
    now = timezone.now()
    Image.objects.filter(stem="").update(retry_at=now)
    images.fetch_due(size=PICTURES, now=now, main_only=True)


def _shown_in(url: str) -> set[str]:
    return {sku for row in control(url, "products") if row["is_active"] for sku in row["skus"]}
