"""Tell the catalog what can be had of a variant: the best offer, how many, and from where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet
from django.db.models.functions import Mod

from catalog import listings, policies
from catalog.landing import Costing
from catalog.listings import Supply
from catalog.models import Channel, Variant
from storefront.lib.money import Money
from suppliers import rationing, slicing
from suppliers.models import StockLevel, Supplier, SupplierOffer, UnpublishedSupply

BATCH = 500
PUBLISHING = "publishing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What one offer has at one location, for all channels together."""

    country: str
    free: int
    known_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedSupply:
    """One live offer with its shelves, and the prices that its supplier wants to be kept.

    He sells at least ``minimum`` units, and only multiples of ``pack``.
    """

    cost: Money
    shelves: tuple[Shelf, ...]
    supplier_code: str = ""
    map_amount: Decimal | None = None
    msrp_amount: Decimal | None = None
    minimum: int = 1
    pack: int = 1

    def sold(self, *, kept: int) -> OfferedSupply:
        """Return the same with what each shelf sells on a channel that keeps so many back."""
        shelves = (replace(shelf, free=self._most(shelf.free, kept)) for shelf in self.shelves)
        return replace(self, shelves=tuple(shelves))

    def _most(self, free: int, kept: int) -> int:
        units = rationing.left(free, kept=kept)
        return rationing.at_most(units, minimum=self.minimum, pack=self.pack)

    @property
    def fewest(self) -> int:
        return rationing.at_least(1, minimum=self.minimum, pack=self.pack)

    @property
    def origins(self) -> tuple[str, ...]:
        """The countries it may be sent from: where units lie, else where any ever lay."""
        full = {shelf.country for shelf in self.shelves if shelf.free}
        return tuple(sorted(full or {shelf.country for shelf in self.shelves}))


def publish(*, variant_ids: Iterable[int], now: datetime) -> set[int]:
    """Refresh the listings of these variants on every channel; return the products touched.

    Who publishes what others may publish holds its slice: else older figures may be written last.

    The price follows the offer that routing would choose for one unit, or for the fewest that
    anybody sells on the channel: the one that lands at the lowest cost of those that sell so
    few, or of all while nobody has any.
    """
    ids = sorted(set(variant_ids))
    channels = list(Channel.objects.order_by("pk"))
    touched: set[int] = set()
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        offers = _offers(batch, now)
        for channel in channels:
            costing = policies.costing_of(channel, now=now)
            supplies = [
                best(variant_id, offers.get(variant_id, ()), costing, kept=channel.buffer)
                for variant_id in batch
            ]
            touched |= listings.refresh(channel=channel, supplies=supplies, now=now)
    return touched


def publish_waiting(*, now: datetime) -> int:
    """Publish the changes that nobody published yet; return how many variants those were.

    A row is deleted only after its listings were refreshed, and only if it was there before
    the offers were read: a worker that is killed here loses nothing, it does work twice.
    Several workers publish at once: each takes slices of the products (``slicing``).
    """
    in_slice = Mod("variant__product", slicing.SLICES)
    numbers = UnpublishedSupply.objects.values_list(in_slice, flat=True).distinct()
    waiting = {int(number) for number in numbers}  # Mod makes floats, and locks go by the words
    slices = slicing.each(
        PUBLISHING, is_left=lambda number: _waiting_in(number).exists(), among=waiting
    )
    return sum(_publish_all(_waiting_in(number), now=now) for number in slices)


def publish_soon(*, variant_ids: Iterable[int], now: datetime) -> None:
    """Publish some variants at once where nobody else publishes, and leave him the others.

    A shopper waits for this. Beside somebody who publishes the same slice it must not be done:
    he may have read older figures, and would write them last.
    """
    ids = sorted(set(variant_ids))
    UnpublishedSupply.objects.bulk_create(
        (UnpublishedSupply(variant_id=variant_id) for variant_id in ids), batch_size=BATCH
    )
    products = Variant.objects.filter(pk__in=ids).values_list("product", flat=True)
    numbers = sorted({product_id % slicing.SLICES for product_id in products})
    for number in slicing.free(PUBLISHING, numbers):
        _publish_all(_waiting_in(number).filter(variant__in=ids), now=now)


def _waiting_in(number: int) -> QuerySet[UnpublishedSupply]:
    of_product = UnpublishedSupply.objects.annotate(slice=Mod("variant__product", slicing.SLICES))
    return of_product.filter(slice=number).order_by("pk")


def _publish_all(found: QuerySet[UnpublishedSupply], *, now: datetime) -> int:
    """Publish until none is found any more; return how many variants those were."""
    published = 0
    while waiting := list(found.values_list("pk", "variant_id")[:BATCH]):
        variant_ids = {variant_id for _, variant_id in waiting}
        publish(variant_ids=variant_ids, now=now)
        UnpublishedSupply.objects.filter(pk__in=[pk for pk, _ in waiting]).delete()
        published += len(variant_ids)
    return published


def price_anew(*, supplier: Supplier) -> int:
    """Have all that a supplier offers priced by the rules and rates of today.

    Returns how many variants wait to be published now; the sweep does it.
    """
    offered = SupplierOffer.objects.live().filter(supplier=supplier)
    variant_ids = offered.values_list("variant_id", flat=True).distinct()
    waiting = UnpublishedSupply.objects.bulk_create(
        (UnpublishedSupply(variant_id=variant_id) for variant_id in variant_ids), batch_size=BATCH
    )
    return len(waiting)


def _offers(variant_ids: Sequence[int], now: datetime) -> dict[int, list[OfferedSupply]]:
    offers = (
        SupplierOffer.objects.live()
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
            "minimum_quantity",
            "pack_size",
        )
    )
    levels = (
        StockLevel.objects.fresh(now)
        .with_available(now)
        .filter(offer__variant__in=variant_ids)
        .values_list("offer_id", "location__country", "free", "known_at")  # type: ignore[misc]
    )
    shelves: dict[int, list[Shelf]] = defaultdict(list)
    for offer_id, country, free, known_at in levels:
        shelves[offer_id].append(Shelf(country=country, free=free, known_at=known_at))
    found: dict[int, list[OfferedSupply]] = defaultdict(list)
    for offer_id, variant_id, amount, currency, code, map_at, msrp_at, minimum, pack in offers:
        if variant_id is not None and amount is not None:
            found[variant_id].append(
                OfferedSupply(
                    cost=Money(amount, currency),
                    shelves=tuple(shelves[offer_id]),
                    supplier_code=code,
                    map_amount=map_at,
                    msrp_amount=msrp_at,
                    minimum=minimum,
                    pack=pack,
                )
            )
    return found


def best(
    variant_id: int, offers: Sequence[OfferedSupply], costing: Costing, *, kept: int = 0
) -> Supply:
    """Sum up the offers of one variant. One in money that nobody knows the worth of is not sold.

    It stands in nobody's way: its cost is told only where there is no other, so that its price
    comes back with its rate.

    ``available`` is the most that one location can send, because one line never travels in
    two parcels: what the channel keeps back is taken off each stock row, as routing does.
    """
    usable = [offer.sold(kept=kept) for offer in offers if offer.cost.currency in costing.rates]
    shelves = [shelf for offer in usable for shelf in offer.shelves]
    full = [shelf for shelf in shelves if shelf.free]
    ships_from: dict[str, int] = {}
    for shelf in full:
        ships_from[shelf.country] = max(ships_from.get(shelf.country, 0), shelf.free)
    faded = [offer for offer in offers if costing.rate(offer.cost.currency) is not None]
    chosen = _taken_first(usable or faded, costing)
    bound = _highest_map(usable, chosen, costing)
    return Supply(
        variant_id=variant_id,
        cost=chosen.cost if chosen else None,
        supplier_code=chosen.supplier_code if chosen else "",
        origins=chosen.origins if chosen else (),
        map_amount=bound.map_amount if bound else None,
        map_currency=bound.cost.currency if bound and chosen and bound is not chosen else "",
        msrp_amount=chosen.msrp_amount if chosen else None,
        available=max((shelf.free for shelf in full), default=0),
        ships_from=dict(sorted(ships_from.items())),
        as_of=min((shelf.known_at for shelf in full), default=None)
        or max((shelf.known_at for shelf in shelves), default=None),
    )


def _taken_first(offers: Sequence[OfferedSupply], costing: Costing) -> OfferedSupply | None:
    """Choose whose cost makes the price: who would send the fewest units that anybody sells.

    A dozen at a lower cost pays for nobody who buys one.
    """
    stocked = [offer for offer in offers if any(shelf.free for shelf in offer.shelves)]
    fewest = min((offer.fewest for offer in stocked), default=1)
    able = [offer for offer in stocked if offer.fewest == fewest]
    return min(able or offers, key=lambda offer: _dearness(offer, fewest, costing), default=None)


def _highest_map(
    offers: Sequence[OfferedSupply], chosen: OfferedSupply | None, costing: Costing
) -> OfferedSupply | None:
    """Find whose MAP counts: the highest, as any of those with units may be the one who sends it.

    While nobody has any, it is that of the offer whose cost makes the price.
    """
    able = [offer for offer in offers if any(shelf.free for shelf in offer.shelves)]
    bounds = [
        (offer.map_amount * (costing.dearest(offer.cost.currency) or 0), offer is chosen, offer)
        for offer in able or filter(None, [chosen])
        if offer.map_amount is not None
    ]
    return max(bounds, key=lambda bound: bound[:2])[2] if bounds else None


def _dearness(offer: OfferedSupply, quantity: int, costing: Costing) -> tuple[bool, Decimal]:
    """Compare offers by what so many cost from where that is least; unknown ones come last."""
    landed = [
        one.of(quantity)
        for origin in offer.origins or ("",)
        if (one := costing.landed(offer.cost, origins=(origin,), supplier_code=offer.supplier_code))
    ]
    rate = costing.rate(offer.cost.currency) or Decimal(0)
    return (False, min(landed)) if landed else (True, offer.cost.amount * quantity * rate)
