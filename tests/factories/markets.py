"""Market factories: make a second market beside the shop, which the middleware finds."""

from django.db import transaction

from catalog.markets import registry
from catalog.search import index
from tests.factories.catalog import make_channel, make_listing


def make_second_market(monkeypatch, *, code="shop-az", **changes):
    """Make the market ``shop-az`` in AZN below /az-market/; read markets again from now on."""
    make_channel()
    known = {
        "currency": "AZN",
        "default_country": "AZ",
        "countries": ("AZ",),
        "default_language": "az",
        "is_storefront": True,
        "path": "az-market",
    }
    market = make_channel(code=code, **known | changes)
    monkeypatch.setattr(registry, "_cached", None)
    return market


def list_on(channel, listing, *, price):
    """Sell the variant of a listing on another channel, from the same stock."""
    other = make_listing(
        listing.variant,
        channel=channel,
        price_amount=price,
        available=listing.available,
        ships_from=listing.ships_from,
    )
    with transaction.atomic():
        index.reindex(product_ids=[listing.variant.product_id], channel=channel)
    return other
