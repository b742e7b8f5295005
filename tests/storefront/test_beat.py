"""Beat: queue each periodic task for its worker, without a Django app."""

import json
import subprocess
import sys

from storefront.celery import app
from tests.e2e.worker_process import surroundings

QUEUE_ALL = """
import json
from celery.beat import Scheduler
from celery.signals import before_task_publish
from django.apps import apps
from django.conf import settings

settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
from storefront.beat import app

app.conf.broker_url = "memory://"
queued = []
before_task_publish.connect(
    lambda sender, body, routing_key, headers, **_: queued.append(
        [sender, body[1], routing_key, headers["expires"] is not None, headers["timelimit"]]
    ),
    weak=False,
)
scheduler = Scheduler(app)
for entry in scheduler.schedule.values():
    scheduler.apply_async(entry, advance=False)
print(json.dumps([queued, apps.ready]))
"""


def test_beat_queues_each_periodic_task_and_loads_no_app():
    done = subprocess.run(
        [sys.executable, "-c", QUEUE_ALL],
        env=surroundings(),
        capture_output=True,
        text=True,
        check=True,
    )
    queued, is_django_loaded = json.loads(done.stdout)

    router = app.amqp.router
    entries = [(entry["task"], entry["kwargs"]) for entry in app.conf.beat_schedule.values()]
    expected = [
        [task, kw, router.route({}, task)["queue"].name, True, [None, None]] for task, kw in entries
    ]
    assert sorted(queued, key=str) == sorted(expected, key=str)
    assert not is_django_loaded
