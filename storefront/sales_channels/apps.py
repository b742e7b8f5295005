"""Sales channels app: configure the app of the stores that sell our products elsewhere."""

from django.apps import AppConfig
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SalesChannelsConfig(AppConfig):
    name = "storefront.sales_channels"
    label = "sales_channels"
    verbose_name = _("Sales channels")

    def ready(self) -> None:
        """Register the payments that stores took as a payment gateway."""
        from orders.gateways import GATEWAYS  # noqa: PLC0415 - the registry of apps is ready now
        from orders.payments.captures import UNREACHABLE  # noqa: PLC0415

        is_away = Q(order__remote_order__connection__status__in=["paused", "disconnected"])
        UNREACHABLE.append(is_away)
        gateway = "storefront.sales_channels.orders.gateway.SalesChannelGateway"
        GATEWAYS["sales_channel"] = (gateway, {})
