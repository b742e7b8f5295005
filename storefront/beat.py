"""Beat: queue the periodic tasks by name.

    celery -A storefront.beat beat

It reads the settings and loads no Django app, which would take twice the memory.
"""

import os
from importlib import import_module

from celery import Celery
from celery.signals import beat_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")

from django.conf import settings
from django.utils.log import configure_logging

from storefront import checks
from storefront.workers.deduplication import DeduplicatedTask
from storefront.workers.schedule import PERIODS_S, SCHEDULE

import_module("storefront.workers.heartbeats")  # registers receivers
import_module("storefront.workers.queues")
configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
beat_init.connect(checks.exit_if_unsafe)

app = Celery("storefront", fixups=[], task_cls="storefront.workers.deduplication:DeduplicatedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = SCHEDULE
app.conf.task_time_limit = None  # each worker applies the limit of its task
for name in PERIODS_S:
    task = DeduplicatedTask()  # queues only: a worker of storefront.celery has what it runs
    task.name = name
    app.register_task(task)
