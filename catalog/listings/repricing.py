"""Repricing: recalculate the prices of a channel or of queued variants from stored supply."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from catalog.listings import price_updates
from catalog.listings.completeness import is_complete
from catalog.listings.price_updates import PricedListing
from catalog.models import Channel, Listing, PriceBook, PriceRule, RepricingRequest
from catalog.pricing import landed_cost
from catalog.pricing import policy as pricing_policy
from catalog.pricing.batch import PricingRequest, calculate_all
from catalog.pricing.price_calculation import Calculation, Policy
from catalog.pricing.repricing_queue import FOLLOWS_MARKET
from catalog.search import index
from storefront.lib.clock import running_clock
from storefront.lib.db import bulk
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.money import Money

BATCH = 1000
LOCK_TTL = timedelta(minutes=15)
# Interval between recalculations of prices that follow the market: competitor prices expire.
MARKET_INTERVAL = timedelta(hours=1)
INPUT_FIELDS = (
    "variant",
    "price_amount",
    "cost_amount",
    "landed_amount",
    "floor_amount",
    "break_even_amount",
    "available",
    "wholesale_amount",
    "wholesale_currency",
    "supplier_code",
    "origins",
    "map_amount",
    "map_currency",
    "msrp_amount",
    "fixed_price_amount",
    "rule",
    "is_published",
)


@dataclass(slots=True, kw_only=True)
class RepricingResult:
    listings: int = 0
    changed: int = 0
    stopped: Counter[str] = field(default_factory=Counter)


def reprice_due_channels(*, now: datetime) -> dict[str, RepricingResult]:
    """Reprice each channel whose shared inputs changed. Safe to repeat after a crash."""
    done: dict[str, RepricingResult] = {}
    for channel in Channel.objects.order_by("pk"):
        if not is_due(channel, now=now) or not _claim(channel, now=now):
            continue
        done[channel.code] = reprice_channel(channel=channel, now=now)
        # Keeps a request that was made during the run.
        Channel.objects.filter(
            pk=channel.pk, reprice_requested_at=channel.reprice_requested_at
        ).update(reprice_requested_at=None)
        Channel.objects.filter(pk=channel.pk).update(reprice_locked_until=None, repriced_at=now)
    return done


def is_due(channel: Channel, *, now: datetime) -> bool:
    """Test for a request, a rule or duty that began or ended, or expired market prices."""
    if channel.reprice_requested_at is not None:
        return True
    live = PriceRule.objects.filter(book__channel=channel, book__status=PriceBook.Status.LIVE)
    last = channel.repriced_at
    if last is None:
        return live.exists()
    if landed_cost.duty_changed_between(last.date(), now.date(), destinations=channel.destinations):
        return True
    turned = Q(starts_at__gt=last, starts_at__lte=now) | Q(ends_at__gt=last, ends_at__lte=now)
    is_old = last <= now - MARKET_INTERVAL
    return live.filter(turned | FOLLOWS_MARKET if is_old else turned).exists()


def _claim(channel: Channel, *, now: datetime) -> bool:
    free = Q(reprice_locked_until__isnull=True) | Q(reprice_locked_until__lt=now)
    unlocked = Channel.objects.filter(free, pk=channel.pk)
    return bool(unlocked.update(reprice_locked_until=now + LOCK_TTL))


def reprice_channel(*, channel: Channel, now: datetime) -> RepricingResult:
    """Recalculate every price of a channel; write only changes and their cards.

    The inputs are read per thousand listings, after their rows are locked: a concurrent change of a
    rate or book requests another run, which waits for the lock.
    Locks:  per thousand listings: these in id order, then their products in id order
    """
    clock = running_clock(now)
    total = RepricingResult()
    last = 0
    while True:
        with transaction.atomic(durable=True):
            batch = list(
                listings_with_inputs(channel)
                .filter(pk__gt=last)
                .select_for_update(of=["self"])[:BATCH]
            )
            if not batch:
                return total
            at = clock()
            policy = pricing_policy.load_policy(channel=channel, now=at)
            reprice_locked(batch, channel=channel, policy=policy, total=total, now=at)
        last = batch[-1].pk


def reprice_queued(*, now: datetime) -> int:
    """Reprice the queued variants; return how many.

    Queue rows are deleted after their prices are written; rows added meanwhile stay. A crash
    repeats work and loses none.
    Locks:  per thousand: their listings in id order, then their products in id order
    """
    clock = running_clock(now)
    channels = list(Channel.objects.order_by("pk"))
    counted = 0
    while waiting := dict(
        RepricingRequest.objects.order_by("pk").values_list("pk", "variant_id")[:BATCH]
    ):
        variant_ids = set(waiting.values())
        for channel in channels:
            with transaction.atomic(durable=True):
                listings = listings_with_inputs(channel).filter(variant__in=variant_ids)
                batch = list(listings.select_for_update(of=["self"]))
                at = clock()
                policy = pricing_policy.load_policy(channel=channel, now=at)
                reprice_locked(
                    batch, channel=channel, policy=policy, total=RepricingResult(), now=at
                )
        RepricingRequest.objects.filter(pk__in=waiting).delete()
        counted += len(variant_ids)
    return counted


def listings_with_inputs(channel: Channel) -> Any:
    """Return the listings of a channel with all pricing inputs, in id order."""
    return (
        Listing.objects.on(channel)
        .only(*INPUT_FIELDS)
        .annotate(
            product_id=F("variant__product_id"),
            category_id=F("variant__product__category_id"),
            brand_id=F("variant__product__brand_id"),
            family=F("variant__product__family"),
        )
        .order_by("pk")
    )


def recalculate(  # noqa: PLR0913 - which listings, which policy, which times
    batch: list[Any],
    *,
    channel: Channel,
    policy: Policy,
    now: datetime,
    at: datetime | None = None,
    day_ago: Mapping[int, Decimal] | None = None,
) -> list[Calculation]:
    """Calculate the prices of listings from ``listings_with_inputs``. Read-only.

    Shape:  ``day_ago`` maps listing ids to prices; it and ``at`` are for dry runs, see
            ``pricing.batch``
    """
    requests = [
        PricingRequest(
            pricing_input=price_updates.pricing_input(
                row,
                None
                if row.wholesale_amount is None
                else Money(row.wholesale_amount, row.wholesale_currency),
                product_id=row.product_id,
                category_id=row.category_id,
                brand_id=row.brand_id,
                family=row.family,
                fixed=row.fixed_price_amount,
            ),
            listing_id=row.pk,
            present=row.price_amount,
            available=row.available,
            day_ago=(day_ago or {}).get(row.pk),
        )
        for row in batch
    ]
    return calculate_all(requests, channel=channel, policy=policy, now=now, at=at)


@requires_transaction
def reprice_locked(
    batch: list[Any], *, channel: Channel, policy: Policy, total: RepricingResult, now: datetime
) -> list[PricedListing]:
    """Recalculate locked rows of ``listings_with_inputs``, write changes and their cards.

    Locks:  the products whose prices changed, in id order
    """
    priced: list[PricedListing] = []
    changed: dict[Listing, list[str]] = {}
    for row, done in zip(
        batch, recalculate(batch, channel=channel, policy=policy, now=now), strict=True
    ):
        before = row.price_amount
        priced.append(PricedListing(listing=row, before=before, done=done))
        names = bulk.set_changed(
            row, price_updates.price_columns(done, listing=row, currency=channel.currency)
        )
        if names:
            row.updated_at = now
            changed[row] = [*(name.removesuffix("_id") for name in names), "updated_at"]
        total.changed += row.price_amount != before
        if done.verdict and done.verdict.stop:
            total.stopped[done.verdict.stop.value] += 1
    total.listings += len(batch)
    moved = [entry.listing for entry in priced if entry.listing.price_amount != entry.before]
    _republish(
        [row for row in moved if (row.price_amount is None) == row.is_published], changed=changed
    )
    bulk.update(Listing, changed)
    price_updates.record_changes(priced, now=now)
    index.reindex(
        product_ids={row.product_id for row in moved},  # type: ignore[attr-defined]
        channel=channel,
    )
    return priced


def _republish(moved: list[Any], *, changed: dict[Listing, list[str]]) -> None:
    """Hide listings that lost their price, publish those that regained one and are complete."""
    if not moved:
        return
    listings = Listing.objects.select_related("variant__product__spec").in_bulk(
        row.pk for row in moved
    )
    for row in moved:
        listing, has_price = listings[row.pk], row.price_amount is not None
        is_published = is_complete(listing, listing.variant, has_price=has_price)
        if is_published != row.is_published:
            row.is_published = is_published
            changed[row].append("is_published")
