"""The bottom layer, as an app, because it keeps one table."""

from __future__ import annotations

from django.apps import AppConfig


class LibConfig(AppConfig):
    name = "storefront.lib"
    label = "lib"
