"""Product feeds app: configure the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProductFeedsConfig(AppConfig):
    name = "storefront.product_feeds"
    label = "product_feeds"
    verbose_name = _("Product feeds")
