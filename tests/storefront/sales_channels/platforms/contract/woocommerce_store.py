"""WooCommerce under the contract: the sandbox, its key, and what WooCommerce has no notion of."""

from dataclasses import replace

from storefront.dev.sandboxes.woocommerce.shop import SHOP
from storefront.dev.sandboxes.woocommerce.state import (
    DEFAULT_KEY,
    DEFAULT_SECRET,
    Rules,
    SandboxState,
)
from tests.storefront.sales_channels.platforms.contract.stores import Store


class WooCommerceStore(Store):
    PLATFORM = "woocommerce"
    SHOP, STATE = SHOP, SandboxState
    RULES = Rules(webhook_retry_s=0.05)
    CLIENT = "storefront.sales_channels.platforms.woocommerce.client"
    HAS_TEST_ORDERS = False
    TELLS_REMOVED_ACCESS = False
    RETRIES_WEBHOOKS = False
    KEEPS_REMOVED_UNITS = False
    FAULTS = {
        "check": "/wp-json:GET",
        "write_products": "products/batch:POST",
        "write_stock": "variations/batch:POST",
        "write_prices": "variations/batch:POST",
        "read_variants": "v3/variations:GET",
        "orders_since": "v3/orders:GET",
        "order": "orders/{id}:GET",
        "write_fulfillment": "fulfillments:POST",
        "cancel_order": "orders/{id}:PUT",
        "refund": "refunds:POST",
    }

    @property
    def secrets(self):
        return {"consumer_key": DEFAULT_KEY, "consumer_secret": DEFAULT_SECRET}

    @property
    def wrong_secrets(self):
        return self.secrets | {"consumer_key": "ck_revoked"}

    def refusable(self, product):
        return replace(product, picture_urls=("ftp://pictures.example/1.jpg",))

    def throttle(self):
        self.running.control("throttle", {})
