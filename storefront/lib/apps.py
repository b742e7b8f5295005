"""Lib app: configure the lowest layer as an app, because it owns the status change table."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LibConfig(AppConfig):
    name = "storefront.lib"
    label = "lib"
    verbose_name = _("Logs and system")
