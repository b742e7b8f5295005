"""The connectors: in which languages we can speak to suppliers."""

from importlib import import_module

ADAPTERS = {
    "bigbuy": "suppliers.adapters.bigbuy.BigBuy",
    "cj": "suppliers.adapters.cj.CJ",
    "fake": "storefront.dev.sandboxes.in_memory_supplier.FakeSupplier",
    "feed": "suppliers.adapters.feed.Feed",
}


def connector_class(name: str) -> type:
    """Import a connector's class.

    Raises: KeyError  there is none of this name
    """
    module, _, attribute = ADAPTERS[name].rpartition(".")
    found: type = getattr(import_module(module), attribute)
    return found
