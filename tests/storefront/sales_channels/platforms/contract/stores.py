"""Stores under test: run the sandbox of each platform, and act in it as its shopper and merchant.

To add a platform:
1. Write a subclass of ``Store`` in a module of its own, such as ``shopify_store.py``. Give it the class variables
   and the abstract methods; override what its sandbox does differently.
2. Add it to ``STORES``. Every test of this folder then runs against it.

The sandbox has these control actions, each with a JSON body:

    POST orders             units {sku: quantity}, paid, discount, delivery, test -> {"id": external id}
    POST orders/pay         id
    POST orders/cancel      id
    POST orders/edit        id, sku, quantity: what is left of the line
    POST orders/refund      id, amount, units
    GET  parcels?id=        [{"number", "url", "units": {sku: quantity}}]
    GET  refunds?id=        [{"amount"}], made by the merchant or by us
    GET  products           [{"id", "title", "skus": [...], "is_active"}]
    GET  messages           [{"headers": {...}, "body": "..."}], oldest first, as they are signed and sent
    POST messages/redeliver sends the last one again: appended to the messages, with the same id
    POST uninstall          sends the webhook that our access was removed
    GET  violations         {"count"}: calls sent although the platform had said that the limit is reached
    POST advance_clock      seconds: the next change is later by that; platforms tell whole seconds
    POST faults, faults/clear   as in every sandbox (``storefront/dev/sandboxes/core/faults.py``)

Its prices include 19 % tax. Delivery costs 4.90 unless an order says otherwise.
"""

import importlib
from abc import ABC, abstractmethod
from dataclasses import replace
from decimal import Decimal
from typing import ClassVar

import pytest

from storefront.dev.sandboxes.store import webhooks
from storefront.dev.sandboxes.store.server import StoreServer
from storefront.dev.sandboxes.store.shop import Shop
from storefront.dev.sandboxes.store.state import StoreRules, StoreState
from storefront.lib.http.observers import LoggingObserver
from storefront.lib.money import Money
from storefront.sales_channels.platforms import platform_class
from storefront.sales_channels.platforms.base import PlatformContext
from tests.fakes.running_server import RunningServer

# Name of the platform -> its subclass of ``Store``.
STORES: dict[str, str] = {
    "shopify": "tests.storefront.sales_channels.platforms.contract.shopify_store.ShopifyStore",
    "bigcommerce": "tests.storefront.sales_channels.platforms.contract.bigcommerce_store.BigCommerceStore",
    "woocommerce": "tests.storefront.sales_channels.platforms.contract.woocommerce_store.WooCommerceStore",
}


def all_stores():
    """Return a parameter for each store whose sandbox exists."""
    return [pytest.param(name, id=name) for name in STORES]


def store_class(name):
    module, _, attribute = STORES[name].rpartition(".")
    return getattr(importlib.import_module(module), attribute)


class Store(ABC):
    """A running store and an adapter that is connected to it."""

    PLATFORM: ClassVar[str]
    SHOP: ClassVar[Shop]
    STATE: ClassVar[type[StoreState]]
    RULES: ClassVar[StoreRules]
    CURRENCY = "EUR"
    # The module of a client whose own READ_S and TOTAL_S are longer than usual.
    CLIENT = ""
    HAS_TEST_ORDERS = True
    TELLS_REMOVED_ACCESS = True
    RETRIES_WEBHOOKS = True
    # An edited order keeps the units that were ordered.
    KEEPS_REMOVED_UNITS = True
    # Method of Platform -> end of the path of its request that has the effect, for faults.
    FAULTS: ClassVar[dict[str, str]]

    def __init__(self, folder, **rules):
        """Start the sandbox in this process; its data go to the folder."""
        self.rules = replace(self.RULES, **rules)
        state = self.STATE(folder=folder, rules=self.rules)
        server = StoreServer(("127.0.0.1", 0), state=state, shop=self.SHOP)
        self.running = RunningServer(server, state, begin=(webhooks.start,))
        self.platform = self.connect()
        self._extra = []

    @property
    def base_url(self):
        """The address that staff enter."""
        return self.running.url

    @property
    @abstractmethod
    def secrets(self):
        """The secrets that staff enter."""

    @property
    @abstractmethod
    def wrong_secrets(self):
        """The same, but revoked at the platform."""

    @property
    def options(self):
        return {}

    def connect(self, **secrets):
        return platform_class(self.PLATFORM)(
            PlatformContext(
                base_url=self.base_url,
                secrets=secrets or self.secrets,
                options=self.options,
                gate=LoggingObserver(),
            )
        )

    def reconnect(self, **secrets):
        """Return another adapter, as another process opens one."""
        self._extra.append(self.connect(**secrets))
        return self._extra[-1]

    def close(self):
        for platform in [self.platform, *self._extra]:
            platform.close()
        self.running.close()

    def money(self, amount):
        return Money(Decimal(amount), self.CURRENCY)

    # What shopper and merchant do

    def sell(self, units, **words):
        """Place an order of a shopper; return its id."""
        self.tick()
        return str(self.running.control("orders", {"units": units, "paid": True, **words})["id"])

    def tick(self):
        """Let a second pass: platforms tell times in whole seconds."""
        self.running.control("advance_clock", {"seconds": 1})

    def act(self, action, order_id, **words):
        self.tick()
        return self.running.control(f"orders/{action}", {"id": order_id, **words})

    def parcels(self, order_id):
        return self.running.client.get("/control/parcels", params={"id": order_id}).json()

    def refunds(self, order_id):
        rows = self.running.client.get("/control/refunds", params={"id": order_id}).json()
        return [Decimal(row["amount"]) for row in rows]

    def products(self):
        return self.running.control("products")

    def messages(self):
        return self.running.control("messages")

    def violations(self):
        return self.running.control("violations")["count"]

    # Faults

    def fault(self, method, kind, **words):
        """Inject a fault into the call of a method of ``Platform``."""
        self.running.control("faults", {"path": self.FAULTS[method], "kind": kind, **words})

    @abstractmethod
    def refusable(self, product):
        """Return the product, changed so that the platform refuses it."""

    @abstractmethod
    def throttle(self):
        """Set limits so low that the next calls must wait a moment."""
