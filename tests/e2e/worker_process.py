"""A worker in a separate process, which a test may kill."""

import os
import subprocess
import sys
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings


def surroundings():
    """Return the environment that passes the test database and changed settings to a process."""
    here = settings.DATABASES["default"]
    parts = urlsplit(os.environ["DATABASE_URL"])
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "storefront.settings",
        "DATABASE_URL": urlunsplit(parts._replace(path=f"/{here['NAME']}")),
        "RATES_MAX_AGE_H": str(settings.RATES_MAX_AGE_H),
    }


@contextmanager
def started_worker(queue, log, **env):
    """Run a worker for one queue; it ends with the test."""
    words = ["-m", "celery", "-A", "storefront", "worker", "--pool", "solo", "--queues", queue]
    quiet = ["--without-mingle", "--without-gossip", "--without-heartbeat"]
    with (
        log.open("w") as output,
        subprocess.Popen(
            [sys.executable, *words, *quiet],
            env={**surroundings(), **env},
            stdout=output,
            stderr=output,
        ) as worker,
    ):
        try:
            yield worker
        finally:
            worker.kill()
