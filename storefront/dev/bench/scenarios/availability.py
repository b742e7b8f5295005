"""Availability scenario: measure availability queries, publication, repricing and imports."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from django.db import connection, transaction

from catalog.listings import repricing
from catalog.models import Channel, Listing
from shipping.availability import availability
from shipping.rates import quotes
from storefront.dev.bench.harness import catalog_size
from storefront.dev.bench.scenarios import publication
from storefront.dev.bench.scenarios.sync import product_intake

ASKED_AT_ONCE = 50
ANSWERING_S = 2.0
VARIANTS = 15_000
# Limit of availability queries: the units of variants, without checking what can be shipped.
BARE_UNITS = """
SELECT o.variant_id, max(l.reported_quantity - l.safety_stock - l.reserved - l.allocated_outstanding)
FROM suppliers_stocklevel l JOIN suppliers_supplieroffer o ON o.id = l.offer_id
WHERE o.variant_id = ANY(%s) AND o.status = 'active' GROUP BY o.variant_id
"""
BARE_CHANGES = """
CREATE TEMPORARY TABLE bare_changes (listing_id bigint PRIMARY KEY, amount numeric, at timestamptz)
"""
# Limit of repricing: write a new price for each listing, and a row about the change.
BARE_PRICES = """
WITH new AS (
    UPDATE catalog_listing SET price_amount = round(price_amount * 1.01, 2)
    WHERE price_amount IS NOT NULL RETURNING id, price_amount
)
INSERT INTO bare_changes SELECT id, price_amount, now() FROM new
"""
HIGHER_COST = "UPDATE catalog_listing SET wholesale_amount = round(wholesale_amount * 1.01, 2)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Operations per second, beside the limit that they are compared with."""

    what: str
    count: int
    per_second: float
    bare_per_second: float

    @property
    def words(self) -> str:
        return (
            f"{self.what:<44} {self.per_second:>9,.0f}/s of {self.count:,},"
            f" limit {self.bare_per_second:>9,.0f}/s"
        )


def measure(*, now: datetime, say: Callable[[str], None]) -> list[Pace]:
    """Query availability; publish with one worker and with two."""
    with TemporaryDirectory(prefix="fara-bench-") as folder:
        count, published = publication.measure(Path(folder))
    found = [
        answering(Channel.objects.get(code="shop"), now=now),
        *_shared("published", count, published),
    ]
    for each in found:
        say(each.words)
    return found


def measure_bulk(*, now: datetime, say: Callable[[str], None]) -> list[Pace]:
    """Reprice many variants with the same costs, then with higher ones; then import products."""
    channel = Channel.objects.get(code="shop")
    catalog_size.grow(
        to=catalog_size.count_cards() * VARIANTS // max(Listing.objects.count(), 1) + 1
    )
    catalog_size.shrink(catalog_size.LISTINGS, to=VARIANTS)
    bare = _bare_prices()
    found = []
    for what, sql in (
        ("prices recalculated, same costs", ""),
        ("prices recalculated, costs 1 % higher", HIGHER_COST),
    ):
        if sql:
            with connection.cursor() as cursor:
                cursor.execute(sql)
        began = time.perf_counter()
        done = repricing.reprice_channel(channel=channel, now=now)
        seconds = time.perf_counter() - began
        found.append(
            Pace(
                what=f"{what}: {done.changed:,} changed",
                count=done.listings,
                per_second=done.listings / seconds,
                bare_per_second=bare,
            )
        )
    with TemporaryDirectory(prefix="fara-bench-") as folder:
        taken_in = product_intake.measure(Path(folder))
    found += _shared("products of a file imported", product_intake.GOODS, taken_in)
    for each in found:
        say(each.words)
    return found


def _shared(what: str, count: int, paces: Mapping[int, float]) -> list[Pace]:
    """Return the rates by number of workers; the limit is the rate of one, times their number."""
    return [
        Pace(
            what=f"{what} by {many} worker{'s' if many > 1 else ''}",
            count=count,
            per_second=pace,
            bare_per_second=paces[1] * many,
        )
        for many, pace in paces.items()
    ]


def answering(channel: Channel, *, now: datetime) -> Pace:
    """Query units and arrival of variants in the channel's own country, 50 variants at a time."""
    on_sale = Listing.objects.on(channel).for_sale(now)
    offered = on_sale.filter(variant__lt=catalog_size.STRIDE)  # originals, no copies
    listed = list(offered.values_list("variant", flat=True))
    country = channel.default_country

    def ours(ids: Sequence[int]) -> int:
        return len(
            availability.check_variants(variant_ids=ids, country=country, channel=channel, now=now)
        )

    def bare(ids: Sequence[int]) -> int:
        with connection.cursor() as cursor:
            cursor.execute(BARE_UNITS, [list(ids)])
            return len(cursor.fetchall())

    quotes.clear_cache()
    count, per_second = _answered(listed, ours)
    _, bare_per_second = _answered(listed, bare)
    return Pace(
        what="availability: units, country, arrival",
        count=count,
        per_second=per_second,
        bare_per_second=bare_per_second,
    )


def _answered(listed: Sequence[int], ask: Callable[[Sequence[int]], int]) -> tuple[int, float]:
    """Query for ``ANSWERING_S`` seconds; return the variants answered, in all and per second."""
    random = Random(1)  # noqa: S311 - selects goods, no secret
    questions = [random.sample(listed, min(ASKED_AT_ONCE, len(listed))) for _ in range(40)]
    answered, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < ANSWERING_S:
        answered += ask(questions[answered // ASKED_AT_ONCE % len(questions)])
    return answered, answered / spent


def _bare_prices() -> float:
    with _undone(), connection.cursor() as cursor:
        cursor.execute(BARE_CHANGES)
        began = time.perf_counter()
        cursor.execute(BARE_PRICES)
        written: int = cursor.rowcount
        return written / (time.perf_counter() - began)


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
