"""A hanging Redis delays a process that queues tasks by half a second in total, not per task."""

import os
import signal
import subprocess
import sys

import pytest
import redis

from storefront.dev.runtime import redis_server
from tests.support.waiting import eventually

# As in a web process: rows record the work, and a task only wakes a worker.
SCRIPT = """
import os, signal, sys, time
import storefront.wsgi
from orders.payments.tasks import execute_request, execute_requests
from orders.cancellation.tasks import process_cancellation
from storefront.celery import app
from storefront.lib.tasks import enqueue
from storefront.workers import deduplication
enqueue(execute_requests)
enqueue(process_cancellation, order_id=1)
deduplication.BROKER_PAUSE_S = 1.0
pid = int(sys.argv[1])
os.kill(pid, signal.SIGSTOP)
took = []
for task, known in [(execute_request, {"request_id": 1}), (process_cancellation, {"order_id": 2}),
                    (execute_request, {"request_id": 2}), (execute_requests, {})]:
    began = time.monotonic()
    enqueue(task, **known)
    took.append(time.monotonic() - began)
os.kill(pid, signal.SIGCONT)
time.sleep(deduplication.BROKER_PAUSE_S)
enqueue(execute_request, request_id=3)
print("took", *took)
"""


@pytest.fixture
def own_redis(tmp_path):
    """A Redis for this test alone, which may be stopped."""
    made = redis_server.prepare(
        home=tmp_path / "redis", log=tmp_path / "redis.log", is_throwaway=True
    )
    process = subprocess.Popen(made.child.command)
    client = redis.Redis.from_url(made.url)

    def answers():
        try:
            return client.ping()
        except redis.RedisError:
            return False

    eventually(answers)
    yield made.url, process.pid, client
    process.send_signal(signal.SIGCONT)
    process.kill()
    process.wait(10)


def test_hanging_redis_costs_a_web_process_half_a_second_once(own_redis):
    url, pid, client = own_redis

    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(pid)],
        env={**os.environ, "REDIS_URL": url, "DJANGO_SETTINGS_MODULE": "storefront.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    first, *others = (float(word) for word in done.stdout.split()[1:])
    assert first < 0.9, done.stderr
    assert max(others) < 0.05, done.stderr
    assert client.llen("celery") == 3, "tasks are queued again as soon as Redis answers"
