"""Platform registry: list the platforms of sales channels, import the adapter of one by its code."""

from importlib import import_module

from storefront.sales_channels.platforms.base import Platform

# Platform code -> dotted path of its adapter.
PLATFORMS: dict[str, str] = {
    "shopify": "storefront.sales_channels.platforms.shopify.adapter.Shopify",
    "woocommerce": "storefront.sales_channels.platforms.woocommerce.adapter.WooCommerce",
    "bigcommerce": "storefront.sales_channels.platforms.bigcommerce.adapter.BigCommerce",
}


def platform_class(code: str) -> type[Platform]:
    """Import the adapter of a platform. Raises KeyError: no platform has this code."""
    module, _, name = PLATFORMS[code].rpartition(".")
    found: type[Platform] = getattr(import_module(module), name)
    return found
