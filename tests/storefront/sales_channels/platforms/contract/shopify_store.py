"""The Shopify sandbox under test."""

from dataclasses import replace

from storefront.dev.sandboxes.shopify.shop import SHOP
from storefront.dev.sandboxes.shopify.state import Rules, SandboxState
from tests.storefront.sales_channels.platforms.contract.stores import Store


class ShopifyStore(Store):
    PLATFORM = "shopify"
    SHOP, STATE = SHOP, SandboxState
    RULES = Rules(webhook_retry_s=0.05)
    FAULTS = {
        "check": "/shop",
        "write_products": "/productSet",
        "write_stock": "/inventorySetQuantities",
        "write_prices": "/productVariantsBulkUpdate",
        "read_variants": "/productVariants",
        "orders_since": "/orders",
        "order": "/order",
        "write_fulfillment": "/fulfillmentCreate",
        "cancel_order": "/orderCancel",
        "refund": "/refundCreate",
    }

    @property
    def secrets(self):
        return {"client_id": self.rules.client_id, "client_secret": self.rules.client_secret}

    @property
    def wrong_secrets(self):
        return {"access_token": "shpat_revoked", "client_secret": self.rules.client_secret}

    def refusable(self, product):
        return replace(product, title=" ")

    def throttle(self):
        self.running.control("limits", {"restore": 400, "maximum": 400})
