"""Promotion factory: make a promotion with or without a coupon code."""

from datetime import timedelta
from decimal import Decimal

from orders.models import Coupon, Promotion
from tests.factories.catalog import make_channel
from tests.factories.suppliers import NOON


def make_promotion(*, code="", code_limit=None, **fields):
    facts = {
        "channel": make_channel(),
        "name": "Autumn",
        "kind": "percent",
        "percent": Decimal("0.10"),
        "needs_code": bool(code),
        "starts_at": NOON - timedelta(days=1),
        "is_active": True,
    }
    made = Promotion.objects.create(**{**facts, **fields})
    if code:
        Coupon.objects.create(promotion=made, code=code, limit=code_limit)
    return made
