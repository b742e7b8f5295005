"""Process scenario: measure the memory of each kind of process, and the start of a web worker."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

from storefront.dev.bench.harness import catalog_size
from storefront.dev.bench.harness.resources import descendants, shared_mb
from storefront.dev.bench.harness.scripted_load import hammer
from storefront.dev.bench.harness.servers import serving
from storefront.dev.bench.harness.workers import celery, workers
from storefront.dev.bench.scenarios import pages

PROCESSES = 6  # as in docker-compose.yml
STARTS = 3
READ_S = 2.0
WORKING_S = 15.0  # long enough for each urgent task of beat to run
# Load what a web worker loads before its first request; print the CPU seconds of django.setup().
START = """
import time, django
setup, spent_s = django.setup, []
def timed(*args, **options):
    began = time.process_time()
    setup(*args, **options)
    spent_s.append(time.process_time() - began)
django.setup = timed
import storefront.wsgi
print(sum(spent_s))
"""


class Processes(NamedTuple):
    """Memory (PSS) of the largest process of each kind, and CPU seconds of django.setup()."""

    web_mb: float
    beat_mb: float
    child_mb: float
    setup_s: float


def measure(folder: Path, *, say: Callable[[str], None]) -> Processes:
    """Measure a web worker that served pages, and workers with beat that worked for a while."""
    paths = [*pages.list_paths(), *pages.product_paths()]
    with serving("memory") as web:
        hammer(port=web.port, paths=paths, connections=4, seconds=READ_S)
        web_mb = max(shared_mb(pid) for pid in descendants(web.pid))
    schedule = ["--schedule", str(folder / "beat"), "--pidfile="]
    with (
        workers(folder, {}, processes=PROCESSES) as pids,
        celery(folder / "beat.log", "beat", *schedule, env={}) as beat,
    ):
        setup_s = _time_starts_meanwhile()
        beat_mb = shared_mb(beat)
        child_mb = max(shared_mb(child) for pid in pids for child in descendants(pid))
    say(f"A web worker with {catalog_size.count_cards():,} cards, {PROCESSES} children a worker")
    return Processes(web_mb, beat_mb, child_mb, setup_s)


def _time_starts_meanwhile() -> float:
    """Return the CPU seconds of a start, the median of several, after the workers worked for long enough."""
    ends_at = time.monotonic() + WORKING_S
    spent_s = median(_setup_s() for _ in range(STARTS))
    time.sleep(max(ends_at - time.monotonic(), 0))
    return spent_s


def _setup_s() -> float:
    command = [sys.executable, "-c", START]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)  # noqa: S603
