"""Promotion engine: compute the discounts of a cart. Pure: no I/O, no clock.

Note [Which ones]: promotions that combine are applied together, by priority; any other is applied
alone. The result with the largest saving wins, so that customers need not try. Of equals, the first
wins.

Note [Floor]: a discount stops at the floor price of a line, unless the promotion may go below it.
Free shipping is computed last. In each parcel, the prices must exceed the floors by the shipping
charge, else it is rejected as ``BELOW_MIN_MARGIN``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from orders.pricing.totals import Discounts, ShippingCharge
from storefront.lib.money import Money, allocate


class Kind(StrEnum):
    """Type of discount."""

    PERCENT = "percent"
    AMOUNT = "amount"
    FREE_DELIVERY = "free_delivery"
    BUY_X_GET_Y = "buy_x_get_y"


class PromotionRejection(StrEnum):
    """Why a promotion gives no discount."""

    BELOW_MINIMUM = "below_minimum"
    NOT_APPLICABLE = "not_applicable"
    BELOW_MIN_MARGIN = "below_min_margin"
    NOT_COMBINED = "not_combined"  # another promotion saves more, and the two do not combine


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """One cart line. ``floor`` is the lowest unit price; None if unknown."""

    key: int
    unit: Money
    quantity: int
    floor: Money | None
    product_id: int
    category_id: int
    brand_id: int

    @property
    def amount(self) -> Money:
        return self.unit * self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionRule:
    """An active promotion. ``code`` is empty if it applies automatically.

    Shape:  ``percent`` and ``get_percent`` are fractions; of ``buy + get`` units the ``get``
            cheapest are ``get_percent`` off. Empty scopes mean all items
    """

    id: int
    name: str
    kind: Kind
    code: str = ""
    percent: Decimal = Decimal(0)
    amount: Money | None = None
    buy: int = 0
    get: int = 0
    get_percent: Decimal = Decimal(1)
    minimum: Money | None = None
    products: frozenset[int] = frozenset()
    categories: frozenset[int] = frozenset()
    brands: frozenset[int] = frozenset()
    priority: int = 0
    combines: bool = False
    may_go_below_floor: bool = False

    def fits(self, item: LineItem) -> bool:
        """Return whether the promotion applies to the line."""
        if not (self.products or self.categories or self.brands):
            return True
        return (
            item.product_id in self.products
            or item.category_id in self.categories
            or item.brand_id in self.brands
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedDiscount:
    """The discount of one promotion, free shipping included."""

    offer: PromotionRule
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountResult:
    """All discounts, and the rejected codes with their reasons."""

    deductions: Discounts = field(default_factory=Discounts)
    applied: Sequence[AppliedDiscount] = ()
    refused: Mapping[str, PromotionRejection] = field(default_factory=dict)


@dataclass(slots=True)
class _Combination:
    """One combination of promotions."""

    currency: str
    off: dict[int, Money]
    applied: list[AppliedDiscount]
    refused: dict[str, PromotionRejection]
    is_delivery_free: bool = False

    @property
    def saved(self) -> Money:
        return Money.total((discount.amount for discount in self.applied), self.currency)


def choose_best(
    *,
    items: Sequence[LineItem],
    shipping_charges: Sequence[ShippingCharge],
    offers: Iterable[PromotionRule],
) -> DiscountResult:
    """Return the combination that saves most."""
    ranked = sorted(offers, key=lambda offer: (offer.priority, offer.id))
    if not ranked or not items:
        return DiscountResult()
    sets = [[offer for offer in ranked if offer.combines]]
    sets += [[offer] for offer in ranked if not offer.combines]
    combinations = [_combine(together, items, shipping_charges) for together in sets if together]
    best = max(combinations, key=lambda combination: combination.saved.amount)
    applied_ids = {discount.offer.id for discount in best.applied}
    reasons = {
        code: why for combination in combinations for code, why in combination.refused.items()
    }
    refused = {
        offer.code: reasons.get(offer.code, PromotionRejection.NOT_COMBINED)
        for offer in ranked
        if offer.code and offer.id not in applied_ids
    }
    return DiscountResult(
        deductions=Discounts(lines=best.off, is_delivery_free=best.is_delivery_free),
        applied=tuple(best.applied),
        refused=refused,
    )


def _combine(
    offers: Sequence[PromotionRule],
    items: Sequence[LineItem],
    shipping_charges: Sequence[ShippingCharge],
) -> _Combination:
    currency = items[0].unit.currency
    zero = Money.zero(currency)
    combination = _Combination(
        currency=currency, off={item.key: zero for item in items}, applied=[], refused={}
    )
    items_total = Money.total((item.amount for item in items), combination.currency)
    for offer in sorted(offers, key=lambda offer: offer.kind is Kind.FREE_DELIVERY):
        fitting = [item for item in items if offer.fits(item)]
        if offer.minimum is not None and items_total < offer.minimum:
            combination.refused[offer.code] = PromotionRejection.BELOW_MINIMUM
        elif not fitting:
            combination.refused[offer.code] = PromotionRejection.NOT_APPLICABLE
        elif offer.kind is Kind.FREE_DELIVERY:
            _apply_free_shipping(offer, combination, items, shipping_charges)
        else:
            _apply_discount(offer, combination, fitting)
    return combination


def _apply_free_shipping(
    offer: PromotionRule,
    combination: _Combination,
    items: Sequence[LineItem],
    shipping_charges: Sequence[ShippingCharge],
) -> None:
    delivery = Money.total(
        (shipping_charge.amount for shipping_charge in shipping_charges), combination.currency
    )
    if combination.is_delivery_free:
        return
    if not delivery:
        combination.refused[offer.code] = PromotionRejection.NOT_APPLICABLE
        return
    for shipping_charge in shipping_charges:
        # A line in several parcels counts in each by its fraction.
        reducible = sum(
            Fraction(_max_discount(item, combination, offer).amount)
            * shipping_charge.line_fractions[item.key]
            for item in items
            if item.key in shipping_charge.line_fractions
        )
        if reducible < Fraction(shipping_charge.amount.amount) and not offer.may_go_below_floor:
            combination.refused[offer.code] = PromotionRejection.BELOW_MIN_MARGIN
            return
    combination.is_delivery_free = True
    combination.applied.append(AppliedDiscount(offer=offer, amount=delivery))


def _apply_discount(
    offer: PromotionRule, combination: _Combination, fitting: Sequence[LineItem]
) -> None:
    wanted = _requested_discounts(offer, combination, fitting)
    if not any(wanted.values()):
        combination.refused[offer.code] = PromotionRejection.NOT_APPLICABLE
        return
    discounts = {
        item.key: min(wanted[item.key], _max_discount(item, combination, offer)).rounded()
        for item in fitting
    }
    total = Money.total(discounts.values(), combination.currency)
    if not total:
        combination.refused[offer.code] = PromotionRejection.BELOW_MIN_MARGIN
        return
    for key, money in discounts.items():
        combination.off[key] += money
    combination.applied.append(AppliedDiscount(offer=offer, amount=total))


def _requested_discounts(
    offer: PromotionRule, combination: _Combination, fitting: Sequence[LineItem]
) -> dict[int, Money]:
    remaining = {item.key: item.amount - combination.off[item.key] for item in fitting}
    if offer.kind is Kind.PERCENT:
        return {key: (money * offer.percent).rounded() for key, money in remaining.items()}
    if offer.kind is Kind.AMOUNT:
        room = {item.key: _max_discount(item, combination, offer) for item in fitting}
        return allocate_within(offer.amount or Money.zero(combination.currency), room)
    return _discount_cheapest(offer, fitting, combination.currency)


def allocate_within(amount: Money, limits: Mapping[int, Money]) -> dict[int, Money]:
    """Allocate an amount in proportion to limits, to the cent, capped by each."""
    maximum = Money.total(limits.values(), amount.currency)
    return allocate(min(amount, maximum), {key: limit.minor for key, limit in limits.items()})


def _discount_cheapest(
    offer: PromotionRule, fitting: Sequence[LineItem], currency: str
) -> dict[int, Money]:
    """Discount the cheapest units of each full group; the most expensive units come first."""
    units = sorted(
        (item for item in fitting for _ in range(item.quantity)),
        key=lambda item: (-item.unit.amount, item.key),
    )
    wanted = {item.key: Money.zero(currency) for item in fitting}
    group = offer.buy + offer.get
    for start in range(0, len(units) - group + 1, group):
        for item in units[start + offer.buy : start + group]:
            wanted[item.key] += (item.unit * offer.get_percent).rounded()
    return wanted


def _max_discount(item: LineItem, combination: _Combination, offer: PromotionRule) -> Money:
    """Return how much of a line may still be discounted."""
    remaining = item.amount - combination.off[item.key]
    if offer.may_go_below_floor:
        return remaining
    if item.floor is None:
        return Money.zero(combination.currency)
    return max(remaining - item.floor * item.quantity, Money.zero(combination.currency))
