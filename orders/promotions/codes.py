"""Coupon codes: add to and remove from a cart, validate, name why one is rejected."""

import re
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Replace

from orders.models import Cart, Coupon
from orders.promotions.engine import PromotionRejection

MAX_CODES = 5
MAX_CODE_LENGTH = 30
INVALID_CHARACTERS = re.compile(r"[^\w-]")  # not in codes: spaces, control characters
MAX_ATTEMPTS_PER_HOUR = 40  # ample for a person, too few to guess codes


class CodeRejection(StrEnum):
    """Why a coupon code is rejected."""

    UNKNOWN = "unknown"
    NOT_STARTED = "not_started"
    EXPIRED = "expired"
    USED_UP = "used_up"


class TooManyCodesError(Exception):
    """The cart has ``MAX_CODES`` codes."""


class CodeRejectedError(Exception):
    """The code is unknown or not valid now. Nothing was stored."""

    def __init__(self, why: CodeRejection) -> None:
        super().__init__(why.value)
        self.why = why


def apply_code(*, cart: Cart, code: str, now: datetime) -> None:
    """Add a valid code to the cart. Raises CodeRejectedError, TooManyCodesError."""
    coupon = _find_coupon(cart, code)
    if why := _find_rejection(coupon, now):
        raise CodeRejectedError(why)
    normalized = coupon.code if coupon else normalize_code(code)
    with transaction.atomic(durable=True):
        locked = Cart.objects.select_for_update(of=["self"]).get(pk=cart.pk)
        codes = [existing for existing in locked.codes if existing != normalized]
        if len(codes) >= MAX_CODES:
            raise TooManyCodesError
        _store(locked, [*codes, normalized], now)
    cart.codes = locked.codes


def _find_coupon(cart: Cart, code: str) -> Coupon | None:
    """Return the coupon of a code; hyphens may be missing if the coupon is unambiguous."""
    coupons = Coupon.objects.filter(promotion__channel=cart.channel).select_related("promotion")
    normalized = normalize_code(code)
    if coupon := coupons.filter(code=normalized).first():
        return coupon
    compact = Replace("code", Value("-"), Value(""))
    similar = coupons.alias(bare=compact).filter(bare=normalized.replace("-", ""))[:2]
    return similar[0] if len(similar) == 1 else None


def remove_code(*, cart: Cart, code: str, now: datetime) -> None:
    normalized = normalize_code(code)
    with transaction.atomic(durable=True):
        locked = Cart.objects.select_for_update(of=["self"]).get(pk=cart.pk)
        _store(locked, [existing for existing in locked.codes if existing != normalized], now)
    cart.codes = locked.codes


def normalize_code(code: str) -> str:
    """Normalize a code: upper case, without spaces."""
    return INVALID_CHARACTERS.sub("", code).upper()[:MAX_CODE_LENGTH]


def _store(cart: Cart, codes: list[str], now: datetime) -> None:
    cart.codes, cart.updated_at = codes, now
    cart.save(update_fields=["codes", "updated_at"])


def valid_coupons(
    cart: Cart, now: datetime
) -> tuple[list[Coupon], dict[str, CodeRejection | PromotionRejection]]:
    """Return valid coupons of the cart and the rejected codes; one coupon per promotion."""
    known = Coupon.objects.filter(code__in=cart.codes, promotion__channel=cart.channel)
    known = known.select_related("promotion").prefetch_related(
        "promotion__products", "promotion__categories", "promotion__brands"
    )
    by_code = {coupon.code: coupon for coupon in known}
    by_promotion: dict[int, Coupon] = {}
    refused: dict[str, CodeRejection | PromotionRejection] = {}
    for code in cart.codes:
        coupon = by_code.get(code)
        why = _find_rejection(coupon, now)
        if coupon is None or why is not None:
            refused[code] = why or CodeRejection.UNKNOWN
        elif coupon.promotion_id in by_promotion:
            refused[code] = PromotionRejection.NOT_COMBINED
        else:
            by_promotion[coupon.promotion_id] = coupon
    return list(by_promotion.values()), refused


def _find_rejection(coupon: Coupon | None, now: datetime) -> CodeRejection | None:
    if coupon is None or not coupon.promotion.is_active:
        return CodeRejection.UNKNOWN
    promotion = coupon.promotion
    if promotion.starts_at > now:
        return CodeRejection.NOT_STARTED
    if promotion.ends_at is not None and promotion.ends_at <= now:
        return CodeRejection.EXPIRED
    limits = ((promotion.usage_limit, promotion.used), (coupon.limit, coupon.used))
    if any(limit is not None and used >= limit for limit, used in limits):
        return CodeRejection.USED_UP
    return None
