"""Development app: register the in-memory supplier and the in-memory gateway.

It is installed outside production only.
"""

from django.apps import AppConfig


class DevConfig(AppConfig):
    name = "storefront.dev"
    label = "dev"

    def ready(self) -> None:
        """Add the in-memory supplier and the in-memory gateway to the registries."""
        from orders.gateways import GATEWAYS  # noqa: PLC0415 - the product's apps load first
        from suppliers.connectors import CONNECTORS  # noqa: PLC0415

        sandboxes = "storefront.dev.sandboxes"
        CONNECTORS["fake"] = f"{sandboxes}.in_memory_supplier.InMemorySupplier"
        GATEWAYS["fake"] = (f"{sandboxes}.in_memory_gateway.InMemoryGateway", {})
