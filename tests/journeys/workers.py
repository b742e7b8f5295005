"""A worker as a process of its own, that a test may have killed."""

from __future__ import annotations

import os
import subprocess
import sys
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings


def database_url():
    """Name the test's own database to another process."""
    here = settings.DATABASES["default"]
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{here['NAME']}"))


def start_worker(queue, log, **env):
    words = ["-m", "celery", "-A", "storefront", "worker", "--pool", "solo", "--queues", queue]
    with log.open("w") as output:
        return subprocess.Popen(
            [sys.executable, *words, "--without-mingle", "--without-gossip", "--without-heartbeat"],
            env={**os.environ, "DATABASE_URL": database_url(), **env},
            stdout=output,
            stderr=output,
        )
