"""Celery app: configure workers.

Tasks are only hints; the rows in the database are the truth. For each step that a task starts, a
periodic sweep (``workers.schedule``) finds what a crash left behind.
"""

import os
from typing import Any

from celery import Celery
from celery.signals import (
    beat_init,
    celeryd_init,
    task_postrun,
    task_prerun,
    worker_process_init,
)

from storefront import checks
from storefront.lib import log_format
from storefront.lib.failpoints import failpoint
from storefront.ops import reporting
from storefront.workers import db_sessions
from storefront.workers.schedule import SCHEDULE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")
# Celery would run all of Django's checks, which load every page, and ignore what they find.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("storefront", task_cls="storefront.workers.deduplication:DeduplicatedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
db_sessions.enable(app)
app.autodiscover_tasks()
app.autodiscover_tasks(["storefront.privacy"])  # not a Django app
app.conf.beat_schedule = SCHEDULE

celeryd_init.connect(checks.exit_if_unsafe)
beat_init.connect(checks.exit_if_unsafe)
worker_process_init.connect(reporting.start_in_worker)
task_prerun.connect(log_format.use_task)
task_postrun.connect(log_format.forget_task)


def publish_fast() -> None:
    """Shorten the broker timeouts in a process that serves customers: it only publishes."""
    short = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, **short}


@task_postrun.connect
def pass_before_acknowledgment(**_: Any) -> None:
    """Let a test kill a worker between the end of a task and its acknowledgment."""
    failpoint("task.before_acknowledgment")
