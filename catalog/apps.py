"""App configuration: name the catalog app, register its system checks."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = _("Catalog")

    def ready(self) -> None:
        import_module("catalog.safety.checks")
