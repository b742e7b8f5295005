"""Schedule: list all periodic tasks, with their periods and the expiry of each queued run."""

from typing import Any

from celery.schedules import crontab

DAY_S = 86_400
# UTC. Daily tasks run by the clock: beat forgets its last runs when its container is replaced, and
# a period of a day would begin again.
NIGHT = crontab(hour="3", minute="15")
# Each periodic task, and the seconds between its runs.
PERIODS_S = {
    # supply: start due jobs, one task per supplier and kind
    "suppliers.sync.tasks.start_due_syncs": 10,
    "suppliers.sync.tasks.close_expired_runs": 60,
    "suppliers.sync.tasks.delete_old_changes": DAY_S,
    "suppliers.matches.tasks.search_duplicates": DAY_S,
    "suppliers.inventory.tasks.publish_pending": 20,
    "suppliers.inventory.tasks.queue_aged_supply": 60,
    "suppliers.connections.tasks.refresh_balances": 900,
    "suppliers.compliance.tasks.watch_compliance_documents": 900,
    "suppliers.catalog_files.tasks.continue_imports": 60,
    "catalog.products.tasks.fetch_images": 15,
    "catalog.bulk_edits.tasks.continue_edits": 60,
    "storefront.api.merchant.catalog.tasks.continue_jobs": 60,
    "catalog.products.tasks.refresh_option_texts": 120,
    "catalog.products.tasks.refresh_titles": DAY_S,
    "catalog.readiness.tasks.compute_completeness": 30,
    "catalog.listings.tasks.reprice_due_channels": 20,
    "catalog.listings.tasks.reprice_queued": 20,
    "catalog.exchange_rates.tasks.expire_old_rates": 60,
    "catalog.exchange_rates.tasks.fetch_rates": 1800,
    "catalog.competitors.tasks.fetch_due_sources": 60,
    "catalog.competitors.tasks.delete_old_lists": DAY_S,
    "catalog.search.tasks.prune_card_changes": 600,
    # orders
    "orders.checkout.tasks.expire_unpaid": 30,
    "orders.checkout.tasks.remind_unpaid": 60,
    "orders.purchasing.tasks.sweep_paid_orders": 10,
    "orders.purchasing.tasks.sweep_due_submissions": 5,
    "orders.purchasing.tasks.release_resolved_holds": 30,
    "orders.purchasing.tasks.sweep_unknown_submissions": 10,
    "orders.payments.tasks.execute_requests": 10,
    "orders.payments.tasks.capture_before_expiry": 300,
    "orders.inventory.tasks.absorb_sales": 20,
    "orders.inventory.tasks.measure_decrements": 3600,
    "orders.cancellation.tasks.sweep_cancellations": 30,
    "orders.address_changes.tasks.send_supplier_notices": 30,
    "orders.payments.tasks.poll_gateways": 60,
    "orders.claims.tasks.sweep_claims": 30,
    "orders.customer_invoices.tasks.issue_due": 30,
    "orders.returns.tasks.expire_returns": 3600,
    "orders.returns.tasks.delete_orphaned_photos": DAY_S,
    # each day's money is reconciled after the day ends, and again until all sources have reported
    "orders.accounting.reconciliation.tasks.reconcile_money": 1800,
    "orders.cart.tasks.purge_abandoned_carts": 3600,
    "orders.inventory.tasks.count_sales": 3600,
    # parcels
    "shipping.tasks.poll_open_orders": 15,
    "shipping.trackers.tasks.follow_parcels": 60,
    "shipping.tasks.ask_for_reviews": 3600,
    "shipping.return_labels.tasks.process_labels": 30,
    "shipping.product_alerts.tasks.tell_due": 60,
    "shipping.product_alerts.tasks.delete_old": DAY_S,
    "shipping.silence.tasks.watch_parcels": 300,
    "shipping.silence.tasks.measure_routes": DAY_S,
    "shipping.problem_reports.tasks.end_reports": 300,
    "shipping.problem_reports.tasks.delete_orphaned_photos": DAY_S,
    "shipping.rerouting.tasks.reroute_due": 10,
    "shipping.rerouting.tasks.reassign_unconfirmed": 300,
    # scorecards: the sweep finds new facts; each night all are checked
    "shipping.tasks.record_recent_supplier_facts": 300,
    "shipping.tasks.record_all_supplier_facts": DAY_S,
    # stores: a lost webhook is no lost order
    "storefront.sales_channels.orders.tasks.poll_stores": 60,
    "storefront.sales_channels.orders.tasks.process_due": 30,
    # stores of sales channels
    "storefront.sales_channels.connections.tasks.subscribe_all": 3600,
    "storefront.sales_channels.publishing.tasks.publish_due": 5,
    "storefront.sales_channels.publishing.tasks.withdraw_stale": 300,
    "storefront.sales_channels.drift.tasks.check_due": 300,
    "storefront.sales_channels.drift.tasks.delete_old_runs": DAY_S,
    # webhooks and messages
    "storefront.webhooks.tasks.subscribe_all": 3600,
    "storefront.webhooks.tasks.process_due": 10,
    "storefront.product_feeds.tasks.build_due": 60,
    "storefront.events.tasks.publish": 5,
    "notifications.tasks.fan_out_waiting": 10,
    "notifications.tasks.send_due": 10,
    # invariants; violations go to the inbox
    "storefront.dashboard.tasks.check_invariants": 1800,
    "storefront.dashboard.tasks.send_staff_alerts": 60,
    "storefront.dashboard.tasks.record_inbox": 60,
    # orders that changed are counted again; pages read the sums of days
    "storefront.dashboard.tasks.refresh_figures": 60,
    "storefront.dashboard.tasks.store_visits": 60,
    # accounts and personal data
    "storefront.accounts.tasks.delete_expired": 3600,
    "storefront.privacy.tasks.apply_retention": DAY_S,
    # API requests
    "storefront.api.tasks.delete_old_records": 3600,
}
# A queued sweep expires after its period, since the next one does its work, but not before this
# time: a queue may be a minute late.
MIN_EXPIRY_S = 60


def _entry(task: str, period_s: int, **kwargs: Any) -> dict[str, Any]:
    expiry = {"expires": max(period_s, MIN_EXPIRY_S)}
    schedule = NIGHT if period_s == DAY_S else period_s
    return {"task": task, "schedule": schedule, "kwargs": kwargs, "options": expiry}


SCHEDULE = {task: _entry(task, period_s) for task, period_s in PERIODS_S.items()}
# A new supplier or store does not wait for the hourly subscription.
SCHEDULE["subscribe new suppliers"] = _entry(
    "storefront.webhooks.tasks.subscribe_all", 60, activated_within_s=90
)
SCHEDULE["subscribe new stores"] = _entry(
    "storefront.sales_channels.connections.tasks.subscribe_all", 60, activated_within_s=90
)
