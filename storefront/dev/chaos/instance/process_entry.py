"""Process entry: start Django with a movable clock, a faster beat and, if asked for, a mutant.

Celery and the web server of the instance start here, not at the product's own entry points. It
refuses to run in production.
"""

import os

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from storefront.workers.warmup import gc_frozen

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")
if settings.IS_PRODUCTION:
    raise ImproperlyConfigured("Chaos tools must not be used in production.")
with gc_frozen():
    django.setup()

# The apps are loaded by now.
from storefront.celery import app
from storefront.dev.chaos.instance import clock, mutants
from storefront.workers.schedule import NIGHT

FAST_PREFIXES = ("orders.", "storefront.webhooks.", "notifications.", "shipping.tasks.poll")
SPEEDUP = 2
MIN_INTERVAL_S = 3.0
CLAIMS = "orders.claims.tasks.sweep_claims"  # takes days in production
REMOVED_TASKS = ("catalog.products.tasks.fetch_images",)  # expensive, and not checked

for name in REMOVED_TASKS:
    del app.conf.beat_schedule[name]
for entry in app.conf.beat_schedule.values():
    is_daily = entry["schedule"] == NIGHT  # a run takes a minute
    if entry["task"].startswith(FAST_PREFIXES) and not is_daily:
        entry["schedule"] = max(entry["schedule"] / SPEEDUP, MIN_INTERVAL_S)
app.conf.beat_schedule[CLAIMS]["schedule"] = MIN_INTERVAL_S
clock.install()
mutants.inject(os.environ.get("MUTANT", ""))
