"""Repricing: recalculate the prices of a channel or of queued variants from stored supply."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from catalog.listings import price_updates, refresh
from catalog.listings.price_updates import Tagged
from catalog.models import Channel, Listing, PriceBook, PriceRule, WaitingPrice
from catalog.pricing import landed_cost
from catalog.pricing import policy as pricing_policy
from catalog.pricing.batch import Lot, calculate_all
from catalog.pricing.price_calculation import Calculation, Policy
from catalog.pricing.repricing_queue import FOLLOWS
from catalog.search import index
from storefront.lib.clock import elapsing
from storefront.lib.db import bulk
from storefront.lib.db.transactions import needs_transaction

BATCH = 1000
LEASE = timedelta(minutes=15)
# How often prices that follow the market are checked: competitor prices expire.
MARKET_EVERY = timedelta(hours=1)
NEEDED = (
    "variant",
    "price_amount",
    "cost_amount",
    "landed_amount",
    "floor_amount",
    "even_amount",
    "available",
    "wholesale_amount",
    "wholesale_currency",
    "supplier_code",
    "origins",
    "map_amount",
    "map_currency",
    "msrp_amount",
    "rule",
    "is_published",
)


@dataclass(slots=True, kw_only=True)
class Repriced:
    """The result of repricing a channel."""

    listings: int = 0
    changed: int = 0
    stopped: Counter[str] = field(default_factory=Counter)


def reprice_due(*, now: datetime) -> dict[str, Repriced]:
    """Reprice each channel whose shared inputs changed.

    Restarts from the beginning after a crash; unchanged prices are not written.
    """
    done: dict[str, Repriced] = {}
    for channel in Channel.objects.order_by("pk"):
        if not is_due(channel, now=now) or not _claim(channel, now=now):
            continue
        done[channel.code] = reprice(channel=channel, now=now)
        # A request made meanwhile stays.
        Channel.objects.filter(pk=channel.pk, reprice_since=channel.reprice_since).update(
            reprice_since=None
        )
        Channel.objects.filter(pk=channel.pk).update(reprice_lease_until=None, repriced_at=now)
    return done


def is_due(channel: Channel, *, now: datetime) -> bool:
    """Test for a request, a rule or duty that began or ended, or expired market prices."""
    if channel.reprice_since is not None:
        return True
    live = PriceRule.objects.filter(book__channel=channel, book__status=PriceBook.Status.LIVE)
    last = channel.repriced_at
    if last is None:
        return live.exists()
    if landed_cost.turns_between(last.date(), now.date(), destinations=channel.destinations):
        return True
    turned = Q(starts_at__gt=last, starts_at__lte=now) | Q(ends_at__gt=last, ends_at__lte=now)
    is_old = last <= now - MARKET_EVERY
    return live.filter(turned | FOLLOWS if is_old else turned).exists()


def _claim(channel: Channel, *, now: datetime) -> bool:
    free = Q(reprice_lease_until__isnull=True) | Q(reprice_lease_until__lt=now)
    mine = Channel.objects.filter(free, pk=channel.pk)
    return bool(mine.update(reprice_lease_until=now + LEASE))


def reprice(*, channel: Channel, now: datetime) -> Repriced:
    """Recalculate every price of a channel; write only changes and their cards.

    The inputs are read per thousand listings, after their rows are locked: a concurrent change of a
    rate or book requests another run, which waits for the lock.
    Locks:  per thousand listings: these in id order, then their products in id order
    """
    moment = elapsing(now)
    total = Repriced()
    last = 0
    while True:
        with transaction.atomic(durable=True):
            batch = list(stored(channel).filter(pk__gt=last).select_for_update(of=["self"])[:BATCH])
            if not batch:
                return total
            at = moment()
            policy = pricing_policy.load(channel=channel, now=at)
            _reprice(batch, channel=channel, policy=policy, total=total, now=at)
        last = batch[-1].pk


def reprice_waiting(*, now: datetime) -> int:
    """Reprice the queued variants; return how many.

    A queue row is deleted after its prices are written, and only if it was read before. A crash
    repeats work and loses none.
    Locks:  per thousand: their listings in id order, then their products in id order
    """
    moment = elapsing(now)
    channels = list(Channel.objects.order_by("pk"))
    counted = 0
    while waiting := dict(
        WaitingPrice.objects.order_by("pk").values_list("pk", "variant_id")[:BATCH]
    ):
        variant_ids = set(waiting.values())
        for channel in channels:
            with transaction.atomic(durable=True):
                asked = stored(channel).filter(variant__in=variant_ids)
                batch = list(asked.select_for_update(of=["self"]))
                at = moment()
                policy = pricing_policy.load(channel=channel, now=at)
                _reprice(batch, channel=channel, policy=policy, total=Repriced(), now=at)
        WaitingPrice.objects.filter(pk__in=waiting).delete()
        counted += len(variant_ids)
    return counted


def stored(channel: Channel) -> Any:
    """Return the listings of a channel with all pricing inputs, in id order."""
    return (
        Listing.objects.on(channel)
        .only(*NEEDED)
        .annotate(
            product_id=F("variant__product_id"),
            category_id=F("variant__product__category_id"),
            brand_id=F("variant__product__brand_id"),
            family=F("variant__product__family"),
        )
        .order_by("pk")
    )


def calculations(  # noqa: PLR0913 - of what, by what, and for which time
    batch: list[Any],
    *,
    channel: Channel,
    policy: Policy,
    now: datetime,
    at: datetime | None = None,
    day_ago: Mapping[int, Decimal] | None = None,
) -> list[Calculation]:
    """Calculate the prices of listings from ``stored``. Read-only.

    Shape:  ``at`` and ``day_ago``, by listing, are for a dry run: see ``pricing.batch``
    """
    lots = [
        Lot(
            goods=price_updates.said(
                row,
                product_id=row.product_id,
                category_id=row.category_id,
                brand_id=row.brand_id,
                family=row.family,
            ),
            listing_id=row.pk,
            present=row.price_amount,
            available=row.available,
            day_ago=(day_ago or {}).get(row.pk),
        )
        for row in batch
    ]
    return calculate_all(lots, channel=channel, policy=policy, now=now, at=at)


@needs_transaction
def _reprice(
    batch: list[Any], *, channel: Channel, policy: Policy, total: Repriced, now: datetime
) -> None:
    tagged: list[Tagged] = []
    changed: dict[Listing, list[str]] = {}
    for row, done in zip(
        batch, calculations(batch, channel=channel, policy=policy, now=now), strict=True
    ):
        before = row.price_amount
        tagged.append(Tagged(listing=row, before=before, done=done))
        names = bulk.differing(
            row, price_updates.tags(done, listing=row, currency=channel.currency)
        )
        if names:
            row.updated_at = now
            changed[row] = [*(name.removesuffix("_id") for name in names), "updated_at"]
        total.changed += row.price_amount != before
        if done.verdict and done.verdict.stop:
            total.stopped[done.verdict.stop.value] += 1
    total.listings += len(batch)
    moved = [each.listing for each in tagged if each.listing.price_amount != each.before]
    _republish(
        [row for row in moved if (row.price_amount is None) == row.is_published], changed=changed
    )
    bulk.update(Listing, changed)
    price_updates.remember(tagged, now=now)
    index.shelve(
        product_ids={row.product_id for row in moved},  # type: ignore[attr-defined]
        channel=channel,
    )


def _republish(moved: list[Any], *, changed: dict[Listing, list[str]]) -> None:
    """Hide listings that lost their price, publish those that regained one and are complete."""
    if not moved:
        return
    amounts = {row.pk: row.price_amount for row in moved}
    found = list(Listing.objects.filter(pk__in=amounts).select_related("variant__product__spec"))
    for each in found:
        each.price_amount = amounts[each.pk]
    lacking = refresh.lacking(listings=found)
    for row in moved:
        is_published = not lacking[row.pk]
        if is_published != row.is_published:
            row.is_published = is_published
            changed[row].append("is_published")
