"""Supplier portal app: configure the app of the suppliers' pages."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "storefront.supplier_portal"
    label = "portal"
