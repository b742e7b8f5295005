"""Sales channel factories: make store connections, and the in-memory store behind them."""

from storefront.dev.sandboxes import in_memory_platform
from storefront.lib.security.encryption import encrypt
from storefront.sales_channels import platforms
from storefront.sales_channels.models import Connection
from tests.factories.catalog import NOON, make_channel


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
