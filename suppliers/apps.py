"""The suppliers app."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class SuppliersConfig(AppConfig):
    name = "suppliers"

    def ready(self) -> None:
        import_module("suppliers.checks")
