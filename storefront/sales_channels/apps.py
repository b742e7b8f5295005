"""Sales channels app: configure the app of the stores that sell our products elsewhere."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SalesChannelsConfig(AppConfig):
    name = "storefront.sales_channels"
    label = "sales_channels"
    verbose_name = _("Sales channels")
