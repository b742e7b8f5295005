"""Sales channel factories: make store connections, and the in-memory store behind them."""

from datetime import timedelta

from catalog.models import Product, Variant
from storefront.dev.sandboxes import in_memory_platform
from storefront.lib.security.encryption import encrypt
from storefront.sales_channels import platforms
from storefront.sales_channels.models import Connection, RemoteListing, RemoteProduct
from tests.factories.catalog import (
    NOON,
    make_channel,
    make_image,
    make_listing,
    make_product,
    make_spec,
    make_variant,
)


def make_connection(*, channel=None, base_url="http://memory.example", **changes):
    known = {
        "platform": "shopify",
        "status": "active",
        "status_since": NOON,
        "secrets_encrypted": encrypt({"token": "memory-token"}),
    }
    channel = channel or make_channel(code="memory")
    return Connection.objects.create(channel=channel, base_url=base_url, **{**known, **changes})


def use_in_memory_platform(monkeypatch):
    """Replace the adapter of each platform; return the store of ``make_connection``."""
    for code in platforms.PLATFORMS:
        monkeypatch.setitem(platforms.PLATFORMS, code, in_memory_platform.PATH)
    in_memory_platform.reset_stores()
    return in_memory_platform.store_at("http://memory.example")


def sell(connection, *, sku="HL-1", product=None, **changes):
    """Make a product with an image and one listing on the channel of the store."""
    if product is None:
        product = make_product()
        make_spec(product)
        make_image(product, stem="abc")
    variant = make_variant(product, sku=sku)
    return make_listing(variant, channel=connection.channel, **changes)


CONNECTION_ITEMS = {
    "store_access_refused": lambda: make_connection(status="paused", is_unauthorized=True),
    "store_failing": lambda: make_connection(
        problem="no answer", problem_at=NOON - timedelta(hours=1)
    ),
    "store_listings_refused": lambda: RemoteListing.objects.create(
        connection=make_connection(),
        variant=Variant.objects.first(),
        problem="refused",
        problem_at=NOON,
    ),
    "store_products_not_ready": lambda: RemoteProduct.objects.create(
        connection=make_connection(),
        product=Product.objects.first(),
        problem="no image",
        problem_at=NOON,
    ),
}
