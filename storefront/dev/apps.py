"""Tools of development; installed outside production only."""

from __future__ import annotations

from django.apps import AppConfig


class DevConfig(AppConfig):
    name = "storefront.dev"
    label = "dev"
