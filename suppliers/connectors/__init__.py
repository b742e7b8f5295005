"""Connectors: register the connector of each API, import its class by code."""

from importlib import import_module

# Connector code -> dotted path of its class. Development adds its own (``storefront.dev.apps``).
CONNECTORS = {
    "bigbuy": "suppliers.connectors.bigbuy.BigBuy",
    "cj": "suppliers.connectors.cj.CJ",
    "feed": "suppliers.connectors.feed.Feed",
    "onx": "suppliers.connectors.onx.OnX",
}


def connector_class(name: str) -> type:
    """Import the class of a connector. Raises KeyError: no connector has this code."""
    module, _, attribute = CONNECTORS[name].rpartition(".")
    connector: type = getattr(import_module(module), attribute)
    return connector
