"""Beat: queue the periodic tasks by name.

    celery -A storefront.beat beat

It reads the settings and loads no Django app, which would take twice the memory.
"""

import os
from importlib import import_module
from typing import Any

from celery import Celery
from celery.signals import beat_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")

from django.conf import settings
from django.utils.log import configure_logging

from storefront import checks
from storefront.workers.schedule import PERIODS_S, SCHEDULE

import_module("storefront.workers.heartbeats")  # registers receivers
configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
beat_init.connect(checks.exit_if_unsafe)

app = Celery("storefront", fixups=[], task_cls="storefront.workers.deduplication:DeduplicatedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = SCHEDULE


def _run_by_worker(**_: Any) -> None:
    """Stand for the task of a worker, so that it is deduplicated when it is queued."""


for name in PERIODS_S:
    app.task(name=name, shared=False)(_run_by_worker)
