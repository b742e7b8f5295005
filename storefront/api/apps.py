"""The api front."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "storefront.api"
    label = "api"
