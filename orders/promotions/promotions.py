"""Promotions: find the promotions that apply to a cart, compute the cart's discounts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet, prefetch_related_objects

from catalog.models import Listing
from orders.models import Cart, Promotion, Redemption
from orders.pricing.totals import PricedLine, ShippingCharge
from orders.promotions import codes
from orders.promotions.customers import normalize_email
from orders.promotions.engine import (
    DiscountResult,
    Kind,
    LineItem,
    PromotionRejection,
    PromotionRule,
    choose_best,
)
from storefront.lib.db.prepared_queries import PreparedQuery
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CartDiscounts:
    """Discounts of a cart; rejections and minimum cart amounts by code."""

    outcome: DiscountResult = field(default_factory=DiscountResult)
    refused: Mapping[str, codes.CodeRejection | PromotionRejection] = field(default_factory=dict)
    minimums: Mapping[str, Money] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicablePromotions:
    """Promotions and lines of a cart, before its parcels are planned."""

    offers: Sequence[PromotionRule] = ()
    items: Sequence[LineItem] = ()
    refused: Mapping[str, codes.CodeRejection | PromotionRejection] = field(default_factory=dict)


def find_applicable(
    *,
    cart: Cart,
    wanted: Mapping[int, PricedLine],
    email: str,
    now: datetime,
    may_promote: bool = True,
) -> ApplicablePromotions:
    """Return the promotions that may apply to a cart.

    Shape:  ``wanted`` by line id; ``email`` empty if unknown; ``may_promote`` False if the caller
            knows that no automatic promotion is active
    """
    automatic = _AUTOMATIC(channel_id=cart.channel_id, now=now) if may_promote else []
    prefetch_related_objects(automatic, "products", "categories", "brands")
    offers = {
        promotion.pk: _to_rule(promotion, "", cart.channel.currency) for promotion in automatic
    }
    refused: dict[str, codes.CodeRejection | PromotionRejection] = {}
    if cart.codes:
        coupons, refused = codes.valid_coupons(cart, now)
        for coupon in coupons:
            offers[coupon.promotion_id] = _to_rule(
                coupon.promotion, coupon.code, cart.channel.currency
            )
    for promotion_id in _find_used_up(offers.keys(), email):
        code = offers.pop(promotion_id).code
        if code:
            refused[code] = codes.CodeRejection.USED_UP
    if not offers:
        return ApplicablePromotions(refused=refused)
    items = _line_items(wanted, cart.channel.currency)
    return ApplicablePromotions(offers=list(offers.values()), items=items, refused=refused)


def calculate(
    applicable: ApplicablePromotions, shipping_charges: Sequence[ShippingCharge] = ()
) -> CartDiscounts:
    """Return the discounts of the items and, if given, of the shipping charges."""
    outcome = choose_best(
        items=applicable.items, shipping_charges=shipping_charges, offers=applicable.offers
    )
    minimums = {
        offer.code: offer.minimum for offer in applicable.offers if offer.minimum is not None
    }
    return CartDiscounts(
        outcome=outcome, refused={**outcome.refused, **applicable.refused}, minimums=minimums
    )


def _automatic(*, channel_id: int, now: datetime) -> QuerySet[Promotion]:
    return Promotion.objects.redeemable(channel=channel_id, now=now).filter(needs_code=False)


_AUTOMATIC = PreparedQuery(_automatic)


def _find_used_up(promotion_ids: Iterable[int], email: str) -> list[int]:
    """Return the promotions this customer has used up."""
    ids = list(promotion_ids)
    if not email or not ids:
        return []
    limited = Promotion.objects.filter(pk__in=ids, usage_limit_per_customer__isnull=False)
    used = Redemption.objects.filter(email=normalize_email(email), reverted_at__isnull=True)
    return [
        pk
        for pk, limit in limited.values_list("pk", "usage_limit_per_customer")
        if used.filter(promotion=pk).count() >= (limit or 0)
    ]


def _to_rule(promotion: Promotion, code: str, currency: str) -> PromotionRule:
    minimum = promotion.minimum_amount
    return PromotionRule(
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
        products=frozenset(product.pk for product in promotion.products.all()),
        categories=frozenset(category.pk for category in promotion.categories.all()),
        brands=frozenset(brand.pk for brand in promotion.brands.all()),
        priority=promotion.priority,
        combines=promotion.combines,
        may_go_below_floor=promotion.may_go_below_floor,
    )


def _line_items(wanted: Mapping[int, PricedLine], currency: str) -> list[LineItem]:
    listings = Listing.objects.filter(pk__in=[line.listing_id for line in wanted.values()])
    listings_by_id = listings.select_related("variant__product").in_bulk()
    return [
        _line_item(key, line, listings_by_id[line.listing_id], currency)
        for key, line in wanted.items()
    ]


def _line_item(key: int, wanted: PricedLine, listing: Listing, currency: str) -> LineItem:
    floor, product = listing.floor_amount, listing.variant.product
    return LineItem(
        key=key,
        unit=wanted.unit,
        quantity=wanted.quantity,
        floor=None if floor is None else Money(floor, currency),
        product_id=product.pk,
        category_id=product.category_id,
        brand_id=product.brand_id,
    )
