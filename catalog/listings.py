"""Price what we can be supplied with, and put it on a channel when it is fit to be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from catalog import rows, shelving
from catalog.completeness import Facts, Lack, lacks
from catalog.models import Channel, ExchangeRate, Listing, PriceChange, PriceRule, Variant
from catalog.pricing import NoMarginError, PriceTerms, price_for
from storefront.lib.money import Money
from storefront.lib.transactions import needs_transaction

BATCH = 1000
MAX_AVAILABLE = 1_000_000
MAX_AMOUNT = Decimal(1_000_000)
AGE_STEP = timedelta(hours=1)
_NEEDED = (
    "lithium",
    "cell_wh",
    "product__title",
    "product__family",
    "product__status",
    "product__spec__power_sources",
    "product__spec__output_lm",
    "product__spec__runtime_high_min",
    "product__spec__runtime_max_min",
    "product__spec__battery_format",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """What we can be supplied with, of one variant: at which cost, how many, from where.

    Shape:  ``ships_from`` maps countries to how many lie there; ``cost`` is None when no
            supplier asks a price we know
    """

    variant_id: int
    cost: Money | None
    available: int
    ships_from: dict[str, int]
    as_of: datetime | None


def refresh(*, channel: Channel, supplies: Sequence[Supply], now: datetime) -> set[int]:
    """Write prices and availability of one channel, only what changed, and its cards.

    Returns the ids of the products whose listings changed.

    Locks:  the variants, then their listings, then their products, each in id order
    """
    touched: set[int] = set()
    by_variant = {supply.variant_id: supply for supply in supplies}
    ids = sorted(by_variant)
    for start in range(0, len(ids), BATCH):
        batch = [by_variant[variant_id] for variant_id in ids[start : start + BATCH]]
        with transaction.atomic(durable=True):
            found = _refresh(channel=channel, supplies=batch, now=now)
            shelving.shelve(product_ids=found, channel=channel)
        touched |= found
    return touched


@needs_transaction
def _refresh(*, channel: Channel, supplies: Sequence[Supply], now: datetime) -> set[int]:
    rule = PriceRule.objects.filter(channel=channel).order_by("-version").first()
    rates = _rates(channel)
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
    new: list[Listing] = []
    changed: dict[Listing, list[str]] = {}
    repriced: list[Listing] = []
    for supply in supplies:
        if supply.variant_id not in variants:
            continue
        variant = variants[supply.variant_id]
        listing = present.get(variant.pk) or Listing(channel=channel, variant=variant)
        before = listing.price_amount
        cost, price = _price(supply, channel=channel, rule=rule, rates=rates)
        values: dict[str, Any] = {
            "cost_amount": cost,
            "price_amount": price,
            "rule_id": rule.pk if rule and price else None,
            "available": min(max(0, supply.available - channel.buffer), MAX_AVAILABLE),
            "ships_from": {code: many for code, many in supply.ships_from.items() if many > 0},
            "as_of": _younger(supply.as_of, present=listing.as_of),
            "is_published": not lacks(_facts(variant, listing, has_price=price is not None)),
        }
        names = rows.differing(listing, values)
        if listing.pk is None:
            new.append(listing)
        elif names:
            listing.updated_at = now
            changed[listing] = [*(name.removesuffix("_id") for name in names), "updated_at"]
        if price is not None and price != before:
            repriced.append(listing)
    Listing.objects.bulk_create(new)
    rows.update(Listing, changed)
    _remember(repriced, now=now)
    return {variants[each.variant_id].product_id for each in [*new, *changed]}


def _younger(as_of: datetime | None, *, present: datetime | None) -> datetime | None:
    """Leave a claim's time as it stands while a confirmation makes it hardly younger.

    Otherwise every stock feed would rewrite every listing to say that nothing changed.
    """
    if as_of and present and present <= as_of < present + AGE_STEP:
        return present
    return as_of


def _rates(channel: Channel) -> dict[str, Decimal]:
    """Return what one unit of each currency is worth in the channel's."""
    rates = dict(ExchangeRate.objects.filter(quote=channel.currency).values_list("base", "rate"))
    return {**rates, channel.currency: Decimal(1)}


def _price(
    supply: Supply, *, channel: Channel, rule: PriceRule | None, rates: Mapping[str, Decimal]
) -> tuple[Decimal | None, Decimal | None]:
    """Return cost and price in the channel's currency; no price without rule and rate."""
    if supply.cost is None or supply.cost.amount <= 0 or supply.cost.currency not in rates:
        return None, None
    rate = rates[supply.cost.currency]
    cost = supply.cost.converted(rate=rate, currency=channel.currency)
    if rule is None or cost.amount > MAX_AMOUNT:
        return None, None
    terms = PriceTerms(
        fee_rate=rule.fee_rate,
        margin_rate=rule.margin_rate,
        tax_rate=rule.tax_rate,
        extra=Money(rule.extra_amount, channel.currency),
        ending=rule.ending,
    )
    try:
        price = price_for(cost=cost, terms=terms)
    except NoMarginError:
        return cost.rounded().amount, None
    return cost.rounded().amount, price.amount


def _facts(variant: Variant, listing: Listing, *, has_price: bool) -> Facts:
    product = variant.product
    spec = getattr(product, "spec", None)
    return Facts(
        title=product.title,
        family=product.family,
        is_active=product.status == product.Status.ACTIVE,
        is_withdrawn=listing.is_withdrawn,
        has_price=has_price,
        has_spec=spec is not None,
        power_sources=spec.power_sources if spec else (),
        output_lm=spec.output_lm if spec else None,
        runtime_min=(spec.runtime_high_min or spec.runtime_max_min) if spec else None,
        battery_format=spec.battery_format if spec else "",
        lithium=variant.lithium,
        cell_wh=variant.cell_wh,
    )


def _remember(repriced: Sequence[Listing], *, now: datetime) -> None:
    PriceChange.objects.bulk_create(
        PriceChange(
            listing=listing,
            amount=listing.price_amount,
            cost_amount=listing.cost_amount,
            rule_id=listing.rule_id,
            at=now,
        )
        for listing in repriced
        if listing.price_amount and listing.cost_amount and listing.rule_id
    )


def lacking(*, listings: Sequence[Listing]) -> dict[int, tuple[Lack, ...]]:
    """Return for each listing what keeps it off the shop; an empty tuple means nothing does.

    Shape:  listings with ``variant__product__spec`` selected, keyed by their ids
    """
    return {
        listing.pk: lacks(
            _facts(listing.variant, listing, has_price=listing.price_amount is not None)
        )
        for listing in listings
    }
