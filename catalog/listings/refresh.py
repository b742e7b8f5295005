"""Listing refresh: recalculate prices and availability, reindex the product cards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from catalog.listings import price_updates
from catalog.listings.completeness import is_complete
from catalog.listings.price_updates import PricedListing
from catalog.models import Channel, DeliveryArea, Listing, Product, Variant
from catalog.pricing import policy as pricing_policy
from catalog.pricing import repricing_queue
from catalog.pricing.batch import PricingRequest, calculate_all
from catalog.pricing.price_calculation import PricingInput
from catalog.search import index
from storefront.lib.db import bulk
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.money import Money

BATCH = 1000
MAX_AVAILABLE = 1_000_000
AGE_STEP = timedelta(hours=1)
_NEEDED = (
    "lithium",
    "cell_wh",
    "status",
    "product__title",
    "product__brand",
    "product__category",
    "product__family",
    "product__status",
    "product__spec__power_sources",
    "product__spec__output_lm",
    "product__spec__runtime_high_min",
    "product__spec__runtime_max_min",
    "product__spec__battery_format",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingSupply:
    """What a channel can sell of one variant: cost, quantity and origin.

    Shape:  ``available`` is the maximum quantity of one order in this channel; ``ships_from`` maps
            countries to stock; ``cost`` is None without a known supplier price; ``supplier_code``
            and ``origins`` are those of the offer whose cost determines the price; ``reaches`` are
            the destination countries: an empty set means all countries, None means not shippable;
            ``reaches_from`` maps each origin to its destination countries; ``restock_on`` is the
            earliest restock date, None if the variant is in stock
    Units:  ``map_amount`` and ``msrp_amount`` include tax, in the currency of the cost;
            ``map_currency``, if set, is the currency of ``map_amount``
    """

    variant_id: int
    cost: Money | None
    available: int
    ships_from: dict[str, int]
    as_of: datetime | None
    reaches: frozenset[str] | None = None
    reaches_from: Mapping[str, frozenset[str]] = field(default_factory=dict)
    supplier_code: str = ""
    origins: tuple[str, ...] = ()
    map_amount: Decimal | None = None
    map_currency: str = ""
    msrp_amount: Decimal | None = None
    restock_on: date | None = None


def refresh_listings(
    *, channel: Channel, supplies: Sequence[ListingSupply], now: datetime
) -> set[int]:
    """Write changed prices and availability of one channel and update its product cards.

    Returns the ids of the products whose listings changed.
    Locks:  the variants, then their listings, then their products, each in id order
    """
    touched: set[int] = set()
    by_variant = {supply.variant_id: supply for supply in supplies}
    ids = sorted(by_variant)
    areas = _areas(supplies)
    for start in range(0, len(ids), BATCH):
        batch = [by_variant[variant_id] for variant_id in ids[start : start + BATCH]]
        with transaction.atomic(durable=True):
            product_ids = _refresh(channel=channel, supplies=batch, areas=areas, now=now)
            index.reindex(product_ids=product_ids, channel=channel)
        touched |= product_ids
    return touched


def _areas(supplies: Sequence[ListingSupply]) -> dict[frozenset[str] | None, int | None]:
    """Return the ids of the delivery areas of these supplies. New areas are committed at once."""
    reached = {
        reaches
        for supply in supplies
        for reaches in (supply.reaches, *supply.reaches_from.values())
    }
    wanted = {reaches: sorted(reaches) for reaches in reached if reaches is not None}
    rows = DeliveryArea.objects.filter(countries__in=wanted.values())

    def known() -> dict[frozenset[str] | None, int | None]:
        return {frozenset(countries): pk for pk, countries in rows.values_list("pk", "countries")}

    ids = known() if wanted else {}
    if new := [countries for reaches, countries in wanted.items() if reaches not in ids]:
        fresh = [DeliveryArea(countries=countries) for countries in sorted(new)]
        DeliveryArea.objects.bulk_create(fresh, ignore_conflicts=True)
        ids = known()
    return {None: None, **ids}


@requires_transaction
def _refresh(
    *,
    channel: Channel,
    supplies: Sequence[ListingSupply],
    areas: Mapping[frozenset[str] | None, int | None],
    now: datetime,
) -> set[int]:
    variants = (
        Variant.objects.select_related("product__spec")
        .only(*_NEEDED)
        .filter(pk__in=[supply.variant_id for supply in supplies])
        .select_for_update(of=["self"], no_key=True)
        .order_by("pk")
        .in_bulk()
    )
    present = {
        listing.variant_id: listing
        for listing in Listing.objects.on(channel)
        .filter(variant__in=variants)
        .select_for_update(of=["self"])
        .order_by("pk")
    }
    policy = pricing_policy.load_policy(channel=channel, now=now)
    known = [supply for supply in supplies if supply.variant_id in variants]
    listings = [
        present.get(supply.variant_id)
        or Listing(channel=channel, variant=variants[supply.variant_id])
        for supply in known
    ]
    requests = [
        PricingRequest(
            pricing_input=_pricing_input(
                supply, variants[supply.variant_id].product, fixed=listing.fixed_price_amount
            ),
            listing_id=listing.pk,
            present=listing.price_amount,
            available=_available(supply),
        )
        for supply, listing in zip(known, listings, strict=True)
    ]
    calculations = calculate_all(requests, channel=channel, policy=policy, now=now)
    new: list[Listing] = []
    changed: dict[Listing, list[str]] = {}
    priced: list[PricedListing] = []
    for supply, listing, done in zip(known, listings, calculations, strict=True):
        priced.append(PricedListing(listing=listing, before=listing.price_amount, done=done))
        values: dict[str, Any] = {
            **price_updates.supplier_columns(done.pricing_input),
            **price_updates.price_columns(done, listing=listing, currency=channel.currency),
            "available": _available(supply),
            "restock_on": supply.restock_on,
            "ships_from": {code: many for code, many in supply.ships_from.items() if many > 0},
            "areas_from": {
                country: areas[reaches] for country, reaches in supply.reaches_from.items()
            },
            "area_id": areas[supply.reaches],
            "as_of": _fresher_time(supply.as_of, present=listing.as_of),
        }
        has_price = values["price_amount"] is not None
        variant = variants[supply.variant_id]
        values["is_published"] = is_complete(listing, variant, has_price=has_price)
        names = bulk.set_changed(listing, values)
        if listing.pk is None:
            new.append(listing)
        elif names:
            listing.updated_at = now
            changed[listing] = [*(name.removesuffix("_id") for name in names), "updated_at"]
    Listing.objects.bulk_create(new)
    # A concurrent change of an exchange rate or price book does not see uncommitted listings:
    # queue them for repricing.
    repricing_queue.enqueue(variant_ids=[listing.variant_id for listing in new], now=now)
    bulk.update(Listing, changed)
    price_updates.record_changes(priced, now=now)
    return {variants[each.variant_id].product_id for each in [*new, *changed]}


def _available(supply: ListingSupply) -> int:
    return min(max(0, supply.available), MAX_AVAILABLE)


def _pricing_input(
    supply: ListingSupply, product: Product, *, fixed: Decimal | None
) -> PricingInput:
    return price_updates.pricing_input(
        supply,
        supply.cost,
        product_id=product.pk,
        category_id=product.category_id,
        brand_id=product.brand_id,
        family=product.family,
        fixed=fixed,
    )


def _fresher_time(as_of: datetime | None, *, present: datetime | None) -> datetime | None:
    """Keep the stored time if the new one is less than an hour later.

    Otherwise each feed would rewrite every listing.
    """
    if as_of and present and present <= as_of < present + AGE_STEP:
        return present
    return as_of
