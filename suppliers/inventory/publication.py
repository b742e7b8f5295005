"""Supply publication: refresh listings with the best offer, quantity and origin of a variant."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import batched

from django.db.models import F, QuerySet
from django.db.models.functions import Mod

from catalog.enums import EU
from catalog.listings import refresh
from catalog.models import Channel, Variant
from catalog.pricing import policy
from storefront.lib.clock import running_clock
from storefront.lib.db import advisory_locks
from storefront.lib.money import Money
from suppliers.inventory import availability
from suppliers.inventory.availability import StockFacts, UnavailableReason
from suppliers.inventory.channel_supply import LocationStock, OfferSupply, summarize
from suppliers.models import PendingPublication, StockLevel, Supplier, SupplierOffer
from suppliers.shipping_services import queries
from suppliers.shipping_services.selection import ServiceTerms, parcel_load

BATCH = 500
QUERY_LIMIT = 10_000  # a query scans the whole queue for its slice, so it fetches many rows
LOCK_NAME = "publishing"
STALE = frozenset({UnavailableReason.STALE_COST, UnavailableReason.STALE_STOCK})
MAX_RESTOCK_DELAY = timedelta(days=365)  # later dates are placeholders, such as 31.12.2099


def publish(*, variant_ids: Iterable[int], now: datetime) -> set[int]:
    """Refresh the listings of these variants on every channel; return the touched products.

    The caller must hold the slices of the variants: otherwise an older result could be written
    last. The price follows the offer that routing would choose for the channel's smallest order.
    """
    ids = sorted(set(variant_ids))
    channels = list(Channel.objects.order_by("pk"))
    touched: set[int] = set()
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        offers, by_location = _offer_supplies(batch, now), queries.services_by_location()
        for channel in channels:
            costing = policy.load_costing(channel, now=now)
            services = _services_in_currency(channel.currency, by_location)
            supplies = [
                summarize(
                    variant_id,
                    offers.get(variant_id, ()),
                    costing,
                    safety_stock=channel.safety_stock,
                    max_splits=channel.max_split_locations,
                    services=services,
                )
                for variant_id in batch
            ]
            touched |= refresh.refresh_listings(channel=channel, supplies=supplies, now=now)
    return touched


def _services_in_currency(
    currency: str, by_location: Mapping[tuple[int, str], Sequence[ServiceTerms]]
) -> dict[int, Sequence[ServiceTerms]]:
    return {
        location_id: services
        for (location_id, service_currency), services in by_location.items()
        if service_currency == currency
    }


def publish_pending(*, now: datetime, within: timedelta | None = None) -> int:
    """Publish the queued changes; return the number of variants. Stops after ``within``.

    Queue rows are deleted after the refresh, and only those read before it. So if a worker is
    killed, some variants are refreshed twice but none is left out. Workers share the queue by
    slices of products (``db.advisory_locks``).
    """
    in_slice = Mod("variant__product", advisory_locks.SLICES)
    numbers = PendingPublication.objects.values_list(in_slice, flat=True).distinct()
    waiting = {int(number) for number in numbers}  # Mod returns floats; lock names need ints
    slices = advisory_locks.lock_slices(
        LOCK_NAME, has_work=lambda number: _pending_in_slice(number).exists(), among=waiting
    )
    clock = running_clock(now)

    def is_over() -> bool:
        return within is not None and clock() >= now + within

    return sum(
        _publish_all(_pending_in_slice(number), now=now, is_over=is_over) for number in slices
    )


def publish_now(*, variant_ids: Iterable[int], now: datetime) -> None:
    """Publish some variants now if their slice is free; otherwise leave them to its holder.

    A customer waits for this. Without the slice lock an older result could be written last.
    """
    ids = sorted(set(variant_ids))
    PendingPublication.queue(ids)
    products = Variant.objects.filter(pk__in=ids).values_list("product", flat=True)
    numbers = sorted({product_id % advisory_locks.SLICES for product_id in products})
    for number in advisory_locks.lock_free_slices(LOCK_NAME, numbers):
        _publish_all(_pending_in_slice(number).filter(variant__in=ids), now=now)


def _pending_in_slice(number: int) -> QuerySet[PendingPublication]:
    of_product = PendingPublication.objects.annotate(
        slice=Mod("variant__product", advisory_locks.SLICES)
    )
    return of_product.filter(slice=number).order_by("pk")


def _publish_all(
    pending: QuerySet[PendingPublication],
    *,
    now: datetime,
    is_over: Callable[[], bool] = lambda: False,
) -> int:
    """Publish until the query finds none; return the number of variants."""
    published = 0
    next_rows = pending.values_list("pk", "variant_id")[:QUERY_LIMIT]
    while not is_over() and (queued := list(next_rows.all())):
        rows_of: dict[int, list[int]] = defaultdict(list)
        for pk, variant_id in queued:
            rows_of[variant_id].append(pk)
        for batch in batched(rows_of, BATCH):
            publish(variant_ids=batch, now=now)
            done = [pk for variant_id in batch for pk in rows_of[variant_id]]
            PendingPublication.objects.filter(pk__in=done).delete()
        published += len(rows_of)
    return published


def reprice(*, supplier: Supplier) -> int:
    """Queue all live offers of a supplier for repricing; return the number of variants."""
    offered = SupplierOffer.objects.sellable().filter(supplier=supplier)
    variant_ids = offered.values_list("variant_id", flat=True).distinct()
    return PendingPublication.queue(filter(None, variant_ids))


def _offer_supplies(variant_ids: Sequence[int], now: datetime) -> dict[int, list[OfferSupply]]:
    offers = (
        SupplierOffer.objects.sellable()
        .filter(variant__in=variant_ids)
        .order_by("pk")
        .values_list(
            "pk",
            "variant_id",
            "cost_amount",
            "currency",
            "supplier__code",
            "map_amount",
            "msrp_amount",
            "min_order_units",
            "pack_size",
            "restock_on",
        )
    )
    # An expired row offers no units, but its location still is an origin.
    levels = (
        StockLevel.objects.with_freshness(now)  # type: ignore[misc]
        .with_available(now)
        .filter(offer__variant__in=variant_ids)
        .values_list(
            "offer_id",
            "location__country",
            "free",
            "known_at",
            "location_id",
            "has_fresh_stock",
            "has_fresh_cost",
        )
    )
    known = Variant.objects.only("packed_weight_g", "lithium", "cell_wh", "cell_count")
    pieces = known.filter(pk__in=variant_ids).annotate(
        own=F("product__restricted_countries"),
        of_category=F("product__category__restricted_countries"),
        lacks_responsible_person=F("product__brand__lacks_responsible_person"),
    )
    loads = {}
    forbidden = {}
    for piece in pieces:
        loads[piece.pk] = parcel_load(piece)
        in_eu = EU if piece.lacks_responsible_person else frozenset()
        forbidden[piece.pk] = frozenset(piece.own) | frozenset(piece.of_category) | in_eu
    locations: dict[int, list[LocationStock]] = defaultdict(list)
    confirmed = set()
    for offer_id, country, free, known_at, location_id, has_fresh_stock, has_fresh_cost in levels:
        facts = StockFacts(
            units=free, has_fresh_stock=has_fresh_stock, has_fresh_cost=has_fresh_cost
        )
        against = availability.reasons(facts)
        if STALE.isdisjoint(against):
            confirmed.add(offer_id)
        units = 0 if against else free
        location = LocationStock(
            country=country, free=units, known_at=known_at, location_id=location_id
        )
        locations[offer_id].append(location)
    supplies: dict[int, list[OfferSupply]] = defaultdict(list)
    for pk, variant_id, amount, currency, code, map_at, msrp_at, minimum, pack, back_on in offers:
        if variant_id is not None and variant_id in loads and amount is not None:
            supplies[variant_id].append(
                OfferSupply(
                    cost=Money(amount, currency),
                    locations=tuple(locations[pk]),
                    load=loads[variant_id],
                    supplier_code=code,
                    map_amount=map_at,
                    msrp_amount=msrp_at,
                    minimum=minimum,
                    pack=pack,
                    restricted_countries=forbidden[variant_id],
                    restock_on=_plausible_restock_date(back_on, now) if pk in confirmed else None,
                )
            )
    return supplies


def _plausible_restock_date(restock_on: date | None, now: datetime) -> date | None:
    """Return a restock date that is neither past nor too far away."""
    today = now.date()
    is_expected = restock_on is not None and today <= restock_on <= today + MAX_RESTOCK_DELAY
    return restock_on if is_expected else None
