"""App configuration: name the orders app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = _("Orders")

    def ready(self) -> None:
        """Put a circuit breaker and a concurrency limit before each gateway; keep terms of sold guarantees."""
        from catalog.safety import documents  # noqa: PLC0415
        from orders import gateways  # noqa: PLC0415 - the registry of apps is ready now
        from orders.order_lines import has_terms  # noqa: PLC0415
        from orders.payments.gateway_gate import GatewayGate  # noqa: PLC0415

        gateways.gate_for = GatewayGate
        documents.IN_USE_CHECKS.append(has_terms)
