"""Web app: configure the app of the shop's pages."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "storefront.web"
    label = "web"
