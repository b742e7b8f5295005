"""Project app: import Celery, the system checks and the worker signal receivers at start."""

from importlib import import_module

from django.apps import AppConfig


class StorefrontConfig(AppConfig):
    name = "storefront"

    def ready(self) -> None:
        import_module("storefront.celery")  # so that shared tasks use our broker
        import_module("storefront.checks")
        import_module("storefront.workers.heartbeats")  # registers receivers for workers and beat
        import_module("storefront.workers.queues")  # registers a receiver that stamps each task
        import_module("storefront.workers.warmup")  # registers a receiver for a worker's start
