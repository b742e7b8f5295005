"""Store publication scenario: count calls and minutes to publish all, 1 % and nothing."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Sum
from django.utils import timezone

from catalog.models import Listing
from storefront.dev.bench.scenarios.stores import store_catalog
from storefront.sales_channels import pending_changes
from storefront.sales_channels.drift.check import check_drift
from storefront.sales_channels.models import ChannelRun, Connection, Drift
from storefront.sales_channels.publishing import run

ONE_IN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One publication: what was written, in how many calls and minutes."""

    name: str
    calls: int
    minutes: float
    products: int
    prices: int
    quantities: int


def measure(connection: Connection, *, listings: int) -> Iterator[Pass]:
    """Publish all listings of an empty store, then changes of 1 %, then nothing; compare once."""
    store_catalog.fill(connection.channel, listings=listings, now=timezone.now())

    def change_some(**values: object) -> None:
        some = Listing.objects.annotate(rest=F("pk") % ONE_IN).filter(rest=0)
        Listing.objects.filter(pk__in=some.values("pk")).update(**values)

    def compare() -> None:
        check_drift(connection.pk, now=timezone.now())
        if found := Drift.objects.count():
            raise AssertionError(f"{found} differences after the publication")

    def change_all() -> None:
        Listing.objects.update(available=19)

    def publish() -> None:
        run.publish(connection.pk, now=timezone.now())

    def publish_after(change: Callable[[], object]) -> Callable[[], None]:
        def act() -> None:
            change()
            publish()

        return act

    now = timezone.now
    yield _pass("full", publish)
    yield _pass("1 % stock", publish_after(lambda: change_some(available=7)))
    yield _pass("1 % price", publish_after(lambda: change_some(price_amount=Decimal("31.95"))))
    yield _pass("100 % stock", publish_after(change_all))
    queue_all = lambda: pending_changes.queue_all(connection, now=now())  # noqa: E731
    yield _pass("no change", publish_after(queue_all))
    yield _pass("comparison", compare)


def _pass(name: str, act: Callable[[], object]) -> Pass:
    last = ChannelRun.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    began = time.perf_counter()
    act()
    seconds = time.perf_counter() - began
    runs = ChannelRun.objects.filter(pk__gt=last)
    written = runs.aggregate(
        calls=Sum("calls", default=0),
        products=Sum("products", default=0),
        prices=Sum("prices", default=0),
        quantities=Sum("quantities", default=0),
    )
    return Pass(name=name, minutes=seconds / 60, **written)
