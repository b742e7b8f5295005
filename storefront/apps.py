"""Project app: import Celery, the system checks and what listens to workers at start."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class StorefrontConfig(AppConfig):
    name = "storefront"

    def ready(self) -> None:
        import_module("storefront.celery")  # so that shared tasks find our broker
        import_module("storefront.checks")
        import_module("storefront.workers.heartbeats")  # so that it hears of workers and beat
        import_module("storefront.workers.warmup")  # so that it hears of a worker's start
