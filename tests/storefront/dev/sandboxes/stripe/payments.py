"""Stripe payment helpers: open payments at the sandbox."""

from decimal import Decimal

from storefront.lib.money import Money

TOTAL = Money(Decimal("64.99"), "EUR")
BACK = "http://shop.example/back/"


def euros(amount):
    return Money(Decimal(amount), "EUR")


def opened(gateway, key="pay:FL-1:1", **changes):
    words = {"amount": TOTAL, "description": "FL-1", "return_url": BACK, "locale": "en"}
    return gateway.open(key=key, **words | changes)


def kinds(gateway, reference):
    return [update.kind.value for update in gateway.history(reference=reference)]
