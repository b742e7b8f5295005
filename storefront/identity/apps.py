"""Identity app: configure the app of the shop's identity."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IdentityConfig(AppConfig):
    name = "storefront.identity"
    label = "identity"
    verbose_name = _("Shop identity")
