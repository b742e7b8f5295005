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

app = Celery("storefront", task_cls="storefront.workers.deduplication:DeduplicatedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
db_sessions.enable(app)
app.autodiscover_tasks()
app.autodiscover_tasks(["storefront.privacy"])  # not a Django app

task_prerun.connect(log_format.use_task_id)
task_postrun.connect(log_format.forget_task_id)


@celeryd_init.connect
@beat_init.connect
def refuse_insecure_defaults(**_: Any) -> None:
    """Stop a worker or beat that runs production with insecure defaults."""
    try:
        checks.require_safe_settings()
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
    "suppliers: close dead runs": {
        "task": "suppliers.sync.tasks.close_expired_runs",
        "schedule": 60,
    },
    "suppliers: delete old changes": {
        "task": "suppliers.sync.tasks.delete_old_changes",
        "schedule": 86_400,
    },
    "suppliers: publish supply": {
        "task": "suppliers.inventory.tasks.publish_pending",
        "schedule": 20,
    },
    "suppliers: queue aged supply": {
        "task": "suppliers.inventory.tasks.queue_aged_supply",
        "schedule": 60,
    },
    "suppliers: refresh balances": {
        "task": "suppliers.connections.tasks.refresh_balances",
        "schedule": 900,
    },
    "suppliers: watch compliance documents": {
        "task": "suppliers.compliance.tasks.watch_compliance_documents",
        "schedule": 900,
    },
    "catalog: fetch images": {"task": "catalog.products.tasks.fetch_images", "schedule": 15},
    "catalog: reprice": {"task": "catalog.listings.tasks.reprice_due_channels", "schedule": 20},
    "catalog: reprice queued": {"task": "catalog.listings.tasks.reprice_queued", "schedule": 20},
    "catalog: expire old rates": {
        "task": "catalog.exchange_rates.tasks.expire_old_rates",
        "schedule": 60,
    },
    "catalog: fetch rates": {"task": "catalog.exchange_rates.tasks.fetch_rates", "schedule": 1800},
    "catalog: fetch competitor prices": {
        "task": "catalog.competitors.tasks.fetch_due_sources",
        "schedule": 60,
    },
    "catalog: delete old lists": {
        "task": "catalog.competitors.tasks.delete_old_lists",
        "schedule": 86_400,
    },
    "catalog: count facets": {"task": "catalog.search.tasks.count_categories", "schedule": 30},
    # orders
    "orders: expire unpaid": {"task": "orders.checkout.tasks.expire_unpaid", "schedule": 30},
    "orders: remind unpaid": {"task": "orders.checkout.tasks.remind_unpaid", "schedule": 60},
    "orders: create purchase orders": {
        "task": "orders.purchasing.tasks.sweep_paid_orders",
        "schedule": 10,
    },
    "orders: submit due": {"task": "orders.purchasing.tasks.sweep_due_submissions", "schedule": 5},
    "orders: release resolved holds": {
        "task": "orders.purchasing.tasks.release_resolved_holds",
        "schedule": 30,
    },
    "orders: resolve unknown": {
        "task": "orders.purchasing.tasks.sweep_unknown_submissions",
        "schedule": 10,
    },
    "orders: execute payment requests": {
        "task": "orders.payments.tasks.execute_requests",
        "schedule": 10,
    },
    "orders: capture before expiry": {
        "task": "orders.payments.tasks.capture_before_expiry",
        "schedule": 300,
    },
    "orders: absorb sales": {"task": "orders.inventory.tasks.absorb_sales", "schedule": 20},
    "orders: measure stock decrements": {
        "task": "orders.inventory.tasks.measure_decrements",
        "schedule": 3600,
    },
    "orders: sweep cancellations": {
        "task": "orders.cancellation.tasks.sweep_cancellations",
        "schedule": 30,
    },
    "orders: send address changes": {
        "task": "orders.address_changes.tasks.send_supplier_notices",
        "schedule": 30,
    },
    "orders: poll gateways": {"task": "orders.payments.tasks.poll_gateways", "schedule": 60},
    "orders: sweep claims": {"task": "orders.claims.tasks.sweep_claims", "schedule": 30},
    "orders: expire returns": {"task": "orders.returns.tasks.expire_returns", "schedule": 3600},
    "orders: delete orphaned photos": {
        "task": "orders.returns.tasks.delete_orphaned_photos",
        "schedule": 86_400,
    },
    # a day is compared once it is over, and again until all sources have reported
    "orders: reconcile money": {
        "task": "orders.accounting.reconciliation.tasks.reconcile_money",
        "schedule": 1800,
    },
    "orders: purge abandoned carts": {
        "task": "orders.cart.tasks.purge_abandoned_carts",
        "schedule": 3600,
    },
    "orders: count sales": {"task": "orders.inventory.tasks.count_sales", "schedule": 3600},
    # parcels
    "shipping: poll open orders": {"task": "shipping.tasks.poll_open_orders", "schedule": 15},
    "shipping: reroute due": {"task": "shipping.rerouting.tasks.reroute_due", "schedule": 10},
    "shipping: reassign unconfirmed": {
        "task": "shipping.rerouting.tasks.reassign_unconfirmed",
        "schedule": 300,
    },
    # scorecards: the sweep finds new facts; each night all are checked
    "shipping: record recent supplier facts": {
        "task": "shipping.tasks.record_recent_supplier_facts",
        "schedule": 300,
    },
    "shipping: record all supplier facts": {
        "task": "shipping.tasks.record_all_supplier_facts",
        "schedule": 86_400,
    },
    # webhooks and messages
    "hooks: subscribe": {"task": "storefront.webhooks.tasks.subscribe_all", "schedule": 3600},
    "hooks: subscribe new": {
        "task": "storefront.webhooks.tasks.subscribe_all",
        "schedule": 60,
        "kwargs": {"activated_within_s": 90},
    },
    "hooks: process due": {"task": "storefront.webhooks.tasks.process_due", "schedule": 10},
    "notifications: fan out": {"task": "notifications.tasks.fan_out_waiting", "schedule": 10},
    "notifications: send due": {"task": "notifications.tasks.send_due", "schedule": 10},
    # invariants; violations go to the inbox
    "dashboard: check invariants": {
        "task": "storefront.dashboard.tasks.check_invariants",
        "schedule": 1800,
    },
    # accounts and personal data
    "accounts: delete expired": {
        "task": "storefront.accounts.tasks.delete_expired",
        "schedule": 3600,
    },
    "privacy: apply retention": {
        "task": "storefront.privacy.tasks.apply_retention",
        "schedule": 86_400,
    },
    # API requests
    "api: delete old records": {
        "task": "storefront.api.tasks.delete_old_records",
        "schedule": 3600,
    },
}
# A queued sweep expires after this time: the next one does its work. It must outlast a queue that
# is a minute late.
MIN_EXPIRY_S = 60
for _entry in app.conf.beat_schedule.values():
    _entry["options"] = {"expires": max(_entry["schedule"], MIN_EXPIRY_S)}
