"""Benchmark workers: start Celery workers and beat on empty queues, stop them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis
from celery import Celery
from django.conf import settings

from storefront.dev.runtime.processes import wait_until
from suppliers.models import Supplier

QUEUES = ("celery", "syncs")
PATIENCE_S = 60.0


@contextmanager
def workers(folder: Path, env: Mapping[str, str], *, processes: int) -> Iterator[list[int]]:
    """Start one worker per queue, with empty queues; yield the pids; kill the workers at the end."""
    store = redis.Redis.from_url(settings.REDIS_URL)
    _empty(store)
    with ExitStack() as stack:
        logs = [folder / f"worker-{queue}.log" for queue in QUEUES]
        pids = [
            stack.enter_context(celery(log, *_worker(queue, processes), env=env))
            for queue, log in zip(QUEUES, logs, strict=True)
        ]
        _wait_until_ready(logs)
        yield pids
    _empty(store)


def _empty(store: redis.Redis) -> None:
    """Empty the queues and the deduplication keys; other queues stay."""
    store.delete(*QUEUES, "bulk", "unacked", "unacked_index", *store.scan_iter("*:hint:*"))


def _worker(queue: str, processes: int) -> list[str]:
    words = ["worker", "--queues", queue, "--concurrency", str(processes)]
    words += ["--hostname", f"bench-{queue}@%h"]
    return [*words, "--without-mingle", "--without-gossip", "--without-heartbeat"]


@contextmanager
def celery(log: Path, *words: str, env: Mapping[str, str]) -> Iterator[int]:
    """Start a Celery command and yield its pid; kill it with its children at the end."""
    app = "storefront.beat" if words[0] == "beat" else "storefront"
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "celery", "-A", app, *words, "--loglevel", "INFO"],
            env={**os.environ, "LOG_LEVEL": "INFO", **env},  # at INFO, Celery logs when it is ready
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # its children may wait for a hanging supplier
        process.wait(timeout=15)


def _wait_until_ready(logs: Sequence[Path]) -> None:
    if not wait_until(
        lambda: all(" ready." in log.read_text() for log in logs), seconds=PATIENCE_S
    ):
        said = "\n".join(log.read_text()[-1000:] for log in logs)
        raise TimeoutError(f"the workers did not start:\n{said}")


def queue_sync(supplier: Supplier, kind: str) -> None:
    broker().send_task(
        "suppliers.sync.tasks.sync_now",
        kwargs={"supplier_id": supplier.pk, "kind": kind},
        queue="syncs",
    )


def broker() -> Celery:
    return Celery(broker=settings.REDIS_URL)
