"""Promotions: find those that apply to a cart, compute its discounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet, prefetch_related_objects

from catalog.models import Listing
from orders.models import Cart, Promotion, Redemption
from orders.pricing.totals import PricedLine, Way
from orders.promotions import codes
from orders.promotions.customers import customer_of
from orders.promotions.engine import Good, Kind, Offer, Outcome, Refusal, decide
from storefront.lib.db.prepared_queries import Prepared
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Discounts of a cart and rejected codes.

    Shape:  ``refused`` by code; ``minimums`` is the minimum cart amount by code
    """

    outcome: Outcome = field(default_factory=Outcome)
    refused: Mapping[str, codes.Closed | Refusal] = field(default_factory=dict)
    minimums: Mapping[str, Money] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Promotions and lines of a cart, before its parcels are known."""

    offers: Sequence[Offer] = ()
    goods: Sequence[Good] = ()
    refused: Mapping[str, codes.Closed | Refusal] = field(default_factory=dict)


def read(
    *,
    cart: Cart,
    wanted: Mapping[int, PricedLine],
    email: str,
    now: datetime,
    may_promote: bool = True,
) -> Held:
    """Return the promotions that apply to a cart; queries only if some can.

    Shape:  ``wanted`` by line id; ``email`` empty if unknown; ``may_promote`` False if the caller
            knows that no automatic promotion is active
    """
    automatic = _AUTOMATIC(channel_id=cart.channel_id, now=now) if may_promote else []
    prefetch_related_objects(automatic, "products", "categories", "brands")
    offers = {promotion.pk: _offer(promotion, "", cart.channel.currency) for promotion in automatic}
    refused: dict[str, codes.Closed | Refusal] = {}
    if cart.codes:
        opened, refused = codes.opened(cart, now)
        for coupon in opened:
            offers[coupon.promotion_id] = _offer(
                coupon.promotion, coupon.code, cart.channel.currency
            )
    for promotion_id in _used_up(offers.keys(), email):
        code = offers.pop(promotion_id).code
        if code:
            refused[code] = codes.Closed.USED_UP
    if not offers:
        return Held(refused=refused)
    goods = _goods(wanted, cart.channel.currency)
    return Held(offers=list(offers.values()), goods=goods, refused=refused)


def count(held: Held, ways: Sequence[Way] = ()) -> Found:
    """Return the discounts for these shipping charges; without them, of items only."""
    outcome = decide(goods=held.goods, ways=ways, offers=held.offers)
    minimums = {each.code: each.minimum for each in held.offers if each.minimum is not None}
    return Found(outcome=outcome, refused={**outcome.refused, **held.refused}, minimums=minimums)


def _automatic(*, channel_id: int, now: datetime) -> QuerySet[Promotion]:
    return Promotion.objects.holding(channel=channel_id, now=now).filter(needs_code=False)


_AUTOMATIC = Prepared(_automatic)


def _used_up(promotion_ids: Iterable[int], email: str) -> list[int]:
    """Return the promotions this customer has used up."""
    ids = list(promotion_ids)
    if not email or not ids:
        return []
    limited = Promotion.objects.filter(pk__in=ids, limit_per_customer__isnull=False)
    used = Redemption.objects.filter(email=customer_of(email), given_back_at__isnull=True)
    return [
        pk
        for pk, limit in limited.values_list("pk", "limit_per_customer")
        if used.filter(promotion=pk).count() >= (limit or 0)
    ]


def _offer(promotion: Promotion, code: str, currency: str) -> Offer:
    minimum = promotion.minimum_amount
    return Offer(
        id=promotion.pk,
        name=promotion.name,
        kind=Kind(promotion.kind),
        code=code,
        percent=promotion.percent,
        amount=Money(promotion.amount, currency),
        buy=promotion.buy_quantity,
        get=promotion.get_quantity,
        get_percent=promotion.get_percent,
        minimum=None if minimum is None else Money(minimum, currency),
        products=frozenset(each.pk for each in promotion.products.all()),
        categories=frozenset(each.pk for each in promotion.categories.all()),
        brands=frozenset(each.pk for each in promotion.brands.all()),
        priority=promotion.priority,
        combines=promotion.combines,
        may_go_below_floor=promotion.may_go_below_floor,
    )


def _goods(wanted: Mapping[int, PricedLine], currency: str) -> list[Good]:
    listings = Listing.objects.filter(pk__in=[each.listing_id for each in wanted.values()])
    known = listings.select_related("variant__product").in_bulk()
    return [_good(key, each, known[each.listing_id], currency) for key, each in wanted.items()]


def _good(key: int, wanted: PricedLine, listing: Listing, currency: str) -> Good:
    floor, product = listing.floor_amount, listing.variant.product
    return Good(
        key=key,
        unit=wanted.unit,
        quantity=wanted.quantity,
        floor=None if floor is None else Money(floor, currency),
        product_id=product.pk,
        category_id=product.category_id,
        brand_id=product.brand_id,
    )
