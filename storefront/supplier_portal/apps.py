"""Supplier portal app: configure the app of the suppliers' pages."""

from __future__ import annotations

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "storefront.supplier_portal"
    label = "portal"
