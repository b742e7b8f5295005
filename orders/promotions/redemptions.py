"""Redemptions: redeem promotions with an order within their limits, revert or recount them.

Note [What is counted]: ``used`` is counted only if a limit is set, so that other checkouts do not
wait for each other. When a limit is set later, ``recount_usage`` counts the redemptions.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import F, QuerySet

from orders.models import Coupon, Order, Promotion, Redemption
from orders.promotions.customers import normalize_email
from orders.promotions.engine import AppliedDiscount
from storefront.lib.db import advisory_locks
from storefront.lib.db.transactions import requires_transaction


class LimitReachedError(Exception):
    """Another order used up the limit. Nothing was stored."""

    def __init__(self, code: str, name: str) -> None:
        super().__init__(code or name)
        self.code = code
        self.name = name


@requires_transaction
def redeem(*, order: Order, applied: Sequence[AppliedDiscount], now: datetime) -> None:
    """Redeem promotions with an order; guarded updates enforce the limits.

    Locks:  promotions that have a limit, then coupons, each in id order
    Raises: LimitReachedError  the caller's transaction must roll back
    """
    for discount in sorted(applied, key=lambda used: used.offer.id):
        _redeem(order, discount, now)


def discount_lines(order: Order) -> list[tuple[str, Decimal]]:
    """Return the name and amount of each discount of an order."""
    if not order.discount_amount:
        return []  # no discount, no redemption: saves a query
    return list(order.redemptions.order_by("pk").values_list("name", "amount"))


@requires_transaction
def revert(*, order: Order, now: datetime) -> None:
    """Revert an unpaid order's redemptions. Locks promotions, then coupons, by id."""
    active = Redemption.objects.filter(order=order, reverted_at__isnull=True).order_by(
        "promotion_id"
    )
    for redemption in active:
        limited = Promotion.objects.filter(pk=redemption.promotion_id, usage_limit__isnull=False)
        limited.filter(used__gt=0).update(used=F("used") - 1)
        code = Coupon.objects.filter(redemptions=redemption, limit__isnull=False)
        code.filter(used__gt=0).update(used=F("used") - 1)
    active.update(reverted_at=now)


def _redeem(order: Order, discount: AppliedDiscount, now: datetime) -> None:
    offer, email = discount.offer, normalize_email(order.email)
    limit_reached = LimitReachedError(offer.code, offer.name)
    promotion = Promotion.objects.filter(pk=offer.id, is_active=True).first()
    if promotion is None:
        raise limit_reached
    coupon = promotion.coupons.filter(code=offer.code).first() if offer.code else None
    if offer.code and coupon is None:
        raise limit_reached
    if promotion.usage_limit is not None:
        unspent = Promotion.objects.filter(pk=promotion.pk, used__lt=F("usage_limit"))
        if not unspent.update(used=F("used") + 1):
            raise limit_reached
    if coupon is not None and coupon.limit is not None:
        free = Coupon.objects.filter(pk=coupon.pk, used__lt=F("limit"))
        if not free.update(used=F("used") + 1):
            raise limit_reached
    limit = promotion.usage_limit_per_customer
    Redemption.objects.create(
        promotion_id=offer.id,
        coupon=coupon,
        order=order,
        name=offer.name,
        code=offer.code,
        email=email,
        place=_next_sequence(offer.id, email, limit, limit_reached) if limit else None,
        amount=discount.amount.amount,
        at=now,
    )


def _next_sequence(
    promotion_id: int, email: str, limit: int, limit_reached: LimitReachedError
) -> int:
    """Return the number of this use; serialized per customer and promotion."""
    advisory_locks.lock_until_commit(f"promotion {promotion_id} of {email}")
    used = set(
        Redemption.objects.filter(
            promotion=promotion_id, email=email, reverted_at__isnull=True
        ).values_list("place", flat=True)
    )
    free = next((sequence for sequence in range(1, limit + 1) if sequence not in used), None)
    if free is None:
        raise limit_reached
    return free


@requires_transaction
def revert_if_uncharged(
    *, order: Order, closing: Iterable[int], ending: Iterable[int] = (), now: datetime
) -> None:
    """Revert the redemptions of an order that ends with these, if nothing was accepted.

    Called before stock is released, because checkout locks promotions first.

    Shape:  ``closing`` are ids of purchase orders, ``ending`` of backorders
    """
    if order.backorders.filter(status__in=["open", "asked"]).exclude(pk__in=ending).exists():
        return
    purchase_orders = order.purchase_orders.all()
    others = purchase_orders.exclude(status="canceled").exclude(pk__in=closing)
    if not others.exists() and not purchase_orders.filter(accepted_at__isnull=False).exists():
        revert(order=order, now=now)


def active_redemptions(promotion: Promotion) -> QuerySet[Redemption]:
    """Return the redemptions of a promotion that were not reverted."""
    return Redemption.objects.filter(promotion=promotion.pk, reverted_at__isnull=True)


@requires_transaction
def recount_usage(*, promotion: Promotion) -> None:
    """Recount the uses of a promotion and its coupons after their limits changed.

    Locks:  the promotion, then its coupons in id order
    """
    Promotion.objects.select_for_update(of=["self"], no_key=True).get(pk=promotion.pk)
    active = active_redemptions(promotion)
    Promotion.objects.filter(pk=promotion.pk).update(used=active.count())
    codes = promotion.coupons.select_for_update(of=["self"], no_key=True)
    for coupon in codes.order_by("pk"):
        Coupon.objects.filter(pk=coupon.pk).update(used=active.filter(coupon=coupon).count())
