"""Process entry: start Django with a movable clock, a faster beat and perhaps a mutant.

Celery and the web server of the instance start here, not at the product's own entry points. It
refuses to run in production.
"""

from __future__ import annotations

import os

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from storefront.workers.warmup import keeping_all

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")
if settings.IS_PRODUCTION:
    raise ImproperlyConfigured("Chaos tools must not be used in production.")
with keeping_all():
    django.setup()

# The apps are loaded by now.
from storefront.celery import app
from storefront.dev.chaos.instance import clock, mutants

HURRIED = ("orders:", "hooks:", "notifications:", "shipping: poll")
HURRIED_TIMES = 2
SHORTEST_S = 3.0
CLAIMS = "orders: speak of claims"  # takes days in production
LEFT_OUT = ("catalog: fetch pictures",)  # expensive, and not checked

for name in LEFT_OUT:
    del app.conf.beat_schedule[name]
for name, entry in app.conf.beat_schedule.items():
    if name.startswith(HURRIED):  # a run takes a minute
        entry["schedule"] = max(entry["schedule"] / HURRIED_TIMES, SHORTEST_S)
app.conf.beat_schedule[CLAIMS]["schedule"] = SHORTEST_S
clock.put_on()
mutants.put_on(os.environ.get("MUTANT", ""))
