"""Celery app: configure workers, schedule all periodic tasks.

Tasks are only hints; the rows in the database are the truth. For each step that a task starts, a
periodic sweep finds what a crash left behind.
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_init, task_postrun, task_prerun
from django.core.exceptions import ImproperlyConfigured

from storefront import checks
from storefront.lib import log_format
from storefront.lib.failpoints import failpoint
from storefront.workers import db_sessions

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")

app = Celery("storefront", task_cls="storefront.workers.deduplication:Hinting")
app.config_from_object("django.conf:settings", namespace="CELERY")
db_sessions.keep(app)
app.autodiscover_tasks()
app.autodiscover_tasks(["storefront.privacy"])  # not a Django app

task_prerun.connect(log_format.use_task_id)
task_postrun.connect(log_format.forget_task_id)


@celeryd_init.connect
@beat_init.connect
def refuse_harmless_defaults(**_: Any) -> None:
    """Stop a worker or beat that runs production with insecure defaults."""
    try:
        checks.insist()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error  # Celery swallows other exceptions


def publish_fast() -> None:
    """Shorten the broker timeouts in a process that serves customers: it only publishes."""
    short = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, **short}


@task_postrun.connect
def pass_before_acknowledgment(**_: Any) -> None:
    """Let a test kill a worker between the end of a task and its acknowledgment."""
    failpoint("task.before_acknowledgment")


app.conf.beat_schedule = {
    # supply: start due jobs, one task per supplier and kind
    "suppliers: start due syncs": {"task": "suppliers.sync.tasks.start_due_syncs", "schedule": 10},
    "suppliers: close dead runs": {"task": "suppliers.sync.tasks.close_dead_runs", "schedule": 60},
    "suppliers: sweep changes": {"task": "suppliers.sync.tasks.sweep_changes", "schedule": 86_400},
    "suppliers: publish supply": {
        "task": "suppliers.inventory.tasks.publish_waiting",
        "schedule": 20,
    },
    "suppliers: follow age": {"task": "suppliers.inventory.tasks.follow_age", "schedule": 60},
    "suppliers: look at balances": {
        "task": "suppliers.connections.tasks.look_at_balances",
        "schedule": 900,
    },
    "suppliers: watch evidence": {
        "task": "suppliers.compliance.tasks.watch_evidence",
        "schedule": 900,
    },
    "catalog: fetch pictures": {"task": "catalog.products.tasks.fetch_pictures", "schedule": 15},
    "catalog: reprice": {"task": "catalog.listings.tasks.reprice_due", "schedule": 20},
    "catalog: reprice waiting": {"task": "catalog.listings.tasks.reprice_waiting", "schedule": 20},
    "catalog: find aged rates": {
        "task": "catalog.exchange_rates.tasks.find_aged_rates",
        "schedule": 60,
    },
    "catalog: fetch rates": {"task": "catalog.exchange_rates.tasks.fetch_rates", "schedule": 1800},
    "catalog: hear competitors": {
        "task": "catalog.competitors.tasks.hear_due_competitors",
        "schedule": 60,
    },
    "catalog: forget old lists": {
        "task": "catalog.competitors.tasks.forget_old_lists",
        "schedule": 86_400,
    },
    "catalog: tally shelves": {"task": "catalog.search.tasks.tally_shelves", "schedule": 30},
    # orders
    "orders: expire unpaid": {"task": "orders.checkout.tasks.expire_unpaid", "schedule": 30},
    "orders: remind unpaid": {"task": "orders.checkout.tasks.remind_unpaid", "schedule": 60},
    "orders: divide paid": {"task": "orders.purchasing.tasks.divide_paid", "schedule": 10},
    "orders: send due": {"task": "orders.purchasing.tasks.send_due", "schedule": 5},
    "orders: lift holds": {"task": "orders.purchasing.tasks.lift_holds", "schedule": 30},
    "orders: resolve unknown": {"task": "orders.purchasing.tasks.resolve_unknown", "schedule": 10},
    "orders: settle payments": {"task": "orders.payments.tasks.settle_payments", "schedule": 10},
    "orders: secure ending": {"task": "orders.payments.tasks.secure_ending", "schedule": 300},
    "orders: reconcile stock": {"task": "orders.inventory.tasks.reconcile_stock", "schedule": 20},
    "orders: measure countdowns": {
        "task": "orders.inventory.tasks.measure_countdowns",
        "schedule": 3600,
    },
    "orders: settle cancellations": {
        "task": "orders.cancellation.tasks.settle_cancellations",
        "schedule": 30,
    },
    "orders: tell addresses": {
        "task": "orders.address_changes.tasks.tell_addresses",
        "schedule": 30,
    },
    "orders: ask gateways": {"task": "orders.payments.tasks.ask_gateways", "schedule": 60},
    "orders: speak of claims": {"task": "orders.claims.tasks.speak_of_claims", "schedule": 30},
    "orders: expire returns": {"task": "orders.returns.tasks.expire_returns", "schedule": 3600},
    "orders: sweep pictures": {"task": "orders.returns.tasks.sweep_pictures", "schedule": 86_400},
    # a day is compared once it is over, and again until all sources have reported
    "orders: reconcile money": {
        "task": "orders.accounting.reconciliation.tasks.reconcile_money",
        "schedule": 1800,
    },
    "orders: forget old carts": {"task": "orders.cart.tasks.forget_old_carts", "schedule": 3600},
    "orders: tally sales": {"task": "orders.inventory.tasks.tally_sales", "schedule": 3600},
    # parcels
    "shipping: poll open orders": {"task": "shipping.tasks.poll_open_orders", "schedule": 15},
    "shipping: reroute due": {"task": "shipping.rerouting.tasks.reroute_due", "schedule": 10},
    "shipping: move silent": {"task": "shipping.rerouting.tasks.move_silent", "schedule": 300},
    # scorecards: the sweep finds new facts; each night all are checked
    "shipping: observe suppliers": {
        "task": "shipping.tasks.observe_suppliers",
        "schedule": 300,
    },
    "shipping: observe everything": {
        "task": "shipping.tasks.observe_everything",
        "schedule": 86_400,
    },
    # webhooks and messages
    "hooks: subscribe": {"task": "storefront.webhooks.tasks.subscribe_all", "schedule": 3600},
    "hooks: subscribe new": {
        "task": "storefront.webhooks.tasks.subscribe_all",
        "schedule": 60,
        "kwargs": {"activated_within_s": 90},
    },
    "hooks: handle waiting": {"task": "storefront.webhooks.tasks.handle_waiting", "schedule": 10},
    "notifications: fan out": {"task": "notifications.tasks.fan_out_waiting", "schedule": 10},
    "notifications: send due": {"task": "notifications.tasks.send_due", "schedule": 10},
    # invariants; violations go to the inbox
    "dashboard: check up": {"task": "storefront.dashboard.tasks.check_up", "schedule": 1800},
    # accounts and personal data
    "accounts: forget what is over": {
        "task": "storefront.accounts.tasks.forget_what_is_over",
        "schedule": 3600,
    },
    "privacy: apply retention": {
        "task": "storefront.privacy.tasks.apply_retention",
        "schedule": 86_400,
    },
    # API requests
    "api: forget old keys": {"task": "storefront.api.tasks.forget_old_keys", "schedule": 3600},
}
# A queued sweep expires after this time: the next one does its work. It must outlast a queue that
# is a minute late.
SHORTEST_LIFE_S = 60
for _entry in app.conf.beat_schedule.values():
    _entry["options"] = {"expires": max(_entry["schedule"], SHORTEST_LIFE_S)}
