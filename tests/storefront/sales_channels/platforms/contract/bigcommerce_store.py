"""BigCommerce under the contract: the sandbox, its API account and its quota."""

from dataclasses import replace

from storefront.dev.sandboxes.bigcommerce.shop import SHOP
from storefront.dev.sandboxes.bigcommerce.state import (
    DEFAULT_SECRET,
    DEFAULT_TOKEN,
    Rules,
    SandboxState,
)
from tests.storefront.sales_channels.platforms.contract.stores import Store


class BigCommerceStore(Store):
    PLATFORM = "bigcommerce"
    SHOP, STATE = SHOP, SandboxState
    RULES = Rules(webhook_retry_s=0.05)
    CLIENT = "storefront.sales_channels.platforms.bigcommerce.client"
    KEEPS_REMOVED_UNITS = False
    FAULTS = {
        "check": "v2/store:GET",
        "write_products": "catalog/products:POST",
        "write_stock": "adjustments/absolute:PUT",
        "write_prices": "catalog/variants:PUT",
        "read_variants": "catalog/products:GET",
        "orders_since": "v2/orders:GET",
        "order": "v2/orders/{id}:GET",
        "write_fulfillment": "shipments:POST",
        "cancel_order": "v2/orders/{id}:PUT",
        "refund": "refunds:POST",
    }

    @property
    def base_url(self):
        return f"{self.running.url}/stores/{self.rules.store_hash}"

    @property
    def secrets(self):
        return {"access_token": DEFAULT_TOKEN, "client_secret": DEFAULT_SECRET}

    @property
    def wrong_secrets(self):
        return self.secrets | {"access_token": "revoked"}

    def refusable(self, product):
        return replace(product, variants=(replace(product.variants[0], sku="x" * 300),))

    def throttle(self):
        self.running.control("throttle", {})
