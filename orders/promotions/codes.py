"""Coupon codes: add to and remove from a cart, validate, name why one is rejected."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Replace

from orders.models import Cart, Coupon
from orders.promotions.engine import Refusal

MOST_CODES = 5
LONGEST_CODE = 30
UNSPOKEN = re.compile(r"[^\w-]")  # not in codes: spaces, control characters
TRIES_PER_HOUR = 40  # ample for a person, too few to guess codes


class Closed(StrEnum):
    """Why a coupon code is rejected."""

    UNKNOWN = "unknown"
    NOT_YET = "not_yet"
    OVER = "over"
    USED_UP = "used_up"


class TooManyCodesError(Exception):
    """The cart has ``MOST_CODES`` codes."""


class RefusedCodeError(Exception):
    """The code is unknown or not valid now. Nothing was stored."""

    def __init__(self, why: Closed) -> None:
        super().__init__(why.value)
        self.why = why


def write_code(*, cart: Cart, code: str, now: datetime) -> None:
    """Add a valid code to the cart; its discount is computed whenever the cart is priced.

    Raises: RefusedCodeError, TooManyCodesError  nothing is stored
    """
    coupon = _meant(cart, code)
    if why := _closed(coupon, now):
        raise RefusedCodeError(why)
    plain = coupon.code if coupon else plain_code(code)
    with transaction.atomic(durable=True):
        held = Cart.objects.select_for_update(of=["self"]).get(pk=cart.pk)
        codes = [each for each in held.codes if each != plain]
        if len(codes) >= MOST_CODES:
            raise TooManyCodesError
        _keep(held, [*codes, plain], now)
    cart.codes = held.codes


def _meant(cart: Cart, code: str) -> Coupon | None:
    """Return the coupon of a code, also without its hyphens if that is unambiguous."""
    coupons = Coupon.objects.filter(promotion__channel=cart.channel).select_related("promotion")
    plain = plain_code(code)
    if exact := coupons.filter(code=plain).first():
        return exact
    bare = Replace("code", Value("-"), Value(""))
    alike = coupons.alias(bare=bare).filter(bare=plain.replace("-", ""))[:2]
    return alike[0] if len(alike) == 1 else None


def take_out_code(*, cart: Cart, code: str, now: datetime) -> None:
    plain = plain_code(code)
    with transaction.atomic(durable=True):
        held = Cart.objects.select_for_update(of=["self"]).get(pk=cart.pk)
        _keep(held, [each for each in held.codes if each != plain], now)
    cart.codes = held.codes


def plain_code(code: str) -> str:
    """Normalize a code: upper case, without spaces."""
    return UNSPOKEN.sub("", code).upper()[:LONGEST_CODE]


def _keep(cart: Cart, codes: list[str], now: datetime) -> None:
    cart.codes, cart.touched_at = codes, now
    cart.save(update_fields=["codes", "touched_at"])


def opened(cart: Cart, now: datetime) -> tuple[list[Coupon], dict[str, Closed | Refusal]]:
    """Return valid coupons of the cart and the rejected codes; one coupon per promotion."""
    known = Coupon.objects.filter(code__in=cart.codes, promotion__channel=cart.channel)
    known = known.select_related("promotion").prefetch_related(
        "promotion__products", "promotion__categories", "promotion__brands"
    )
    by_code = {coupon.code: coupon for coupon in known}
    found: dict[int, Coupon] = {}
    refused: dict[str, Closed | Refusal] = {}
    for code in cart.codes:
        coupon = by_code.get(code)
        why = _closed(coupon, now)
        if coupon is None or why is not None:
            refused[code] = why or Closed.UNKNOWN
        elif coupon.promotion_id in found:
            refused[code] = Refusal.NOT_COMBINED
        else:
            found[coupon.promotion_id] = coupon
    return list(found.values()), refused


def _closed(coupon: Coupon | None, now: datetime) -> Closed | None:
    if coupon is None or not coupon.promotion.is_live:
        return Closed.UNKNOWN
    promotion = coupon.promotion
    if promotion.starts_at > now:
        return Closed.NOT_YET
    if promotion.ends_at is not None and promotion.ends_at <= now:
        return Closed.OVER
    limits = ((promotion.limit_total, promotion.used), (coupon.limit, coupon.used))
    if any(limit is not None and used >= limit for limit, used in limits):
        return Closed.USED_UP
    return None
