"""Demo stores: connect the store sandboxes that run as sales channels, keep what staff changed."""

from collections.abc import Sequence
from decimal import Decimal

from django.utils import timezone

from catalog.models import Channel, PriceBook, PriceRule, SellingCosts
from catalog.price_books import versions
from orders.tax.default_rates import highest_vat_rate
from storefront.dev.sandboxes.bigcommerce.state import Rules as BigCommerceRules
from storefront.dev.sandboxes.shopify.state import Rules as ShopifyRules
from storefront.dev.sandboxes.woocommerce.state import DEFAULT_KEY, DEFAULT_SECRET
from storefront.lib.env import env_str
from storefront.lib.security.encryption import encrypt
from storefront.sales_channels import pending_changes
from storefront.sales_channels.models import Connection

ACTOR = "seed_demo"
# Platform -> code and name of its channel, and the secrets of its sandbox.
STORES = {
    "shopify": (
        "shopify-demo",
        "Shopify store",
        {
            "access_token": ShopifyRules().access_token,
            "client_secret": ShopifyRules().client_secret,
        },
    ),
    "woocommerce": (
        "woo-demo",
        "WooCommerce store",
        {"consumer_key": DEFAULT_KEY, "consumer_secret": DEFAULT_SECRET},
    ),
    "bigcommerce": (
        "bigcommerce-demo",
        "BigCommerce store",
        {
            "access_token": BigCommerceRules().access_token,
            "client_secret": BigCommerceRules().client_secret,
        },
    ),
}


def connect_all(*, countries: Sequence[str]) -> None:
    """Connect each store that runs; its channel sells to these countries."""
    now = timezone.now()
    for platform, (code, name, secrets) in STORES.items():
        url = env_str(f"SANDBOX_{platform.upper()}_URL")
        if not url:
            continue
        if platform == "bigcommerce":
            url = f"{url}/stores/{BigCommerceRules().store_hash}"
        channel = _channel(code, name=name, countries=countries)
        connection, is_new = Connection.objects.get_or_create(
            channel=channel,
            defaults={
                "platform": platform,
                "base_url": url,
                "status": Connection.Status.ACTIVE,
                "status_since": now,
                "orders_since": now,
            },
        )
        # The sandbox's port and the encryption key may have changed.
        connection.base_url, connection.secrets_encrypted = url, encrypt(secrets)
        connection.save(update_fields=["base_url", "secrets_encrypted"])
        if is_new:
            pending_changes.queue_all(connection, now=now)


def _channel(code: str, *, name: str, countries: Sequence[str]) -> Channel:
    """Create a channel in EUR with a price book of its own."""
    channel, _ = Channel.objects.get_or_create(
        code=code,
        defaults={
            "name": name,
            "currency": "EUR",
            "default_country": "DE",
            "countries": list(countries),
        },
    )
    SellingCosts.objects.get_or_create(
        channel=channel,
        origin="*",
        supplier_code="*",
        defaults={"channel_fee_rate": Decimal("0.05"), "tax_rate": highest_vat_rate()},
    )
    if not PriceBook.objects.filter(channel=channel).exists():
        now = timezone.now()
        book = versions.create_draft(channel=channel, actor=ACTOR, now=now)
        PriceRule.objects.create(book=book, number=1, value=Decimal("0.35"), ending=Decimal("0.95"))
        versions.publish_first(book=book, actor=ACTOR, now=now)
    return channel
