"""Webhooks app: configure the app of inbound webhooks."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HooksConfig(AppConfig):
    name = "storefront.webhooks"
    label = "hooks"
    verbose_name = _("Incoming webhooks")
