from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from catalog.models import Variant
from orders.models import PurchaseOrder, SupplierClaim
from storefront.dashboard.invariants import registry
from tests.factories.claims import make_claim
from tests.factories.full_shop import orders_by_status
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shared_world")]

# SQL that violates each invariant. It runs without constraints and services.
PLANTED = {
    "stock.not_negative": "UPDATE suppliers_stocklevel SET safety_stock = -1",
    "stock.reserved_matches_reservations": "UPDATE suppliers_stocklevel SET reserved = reserved + 1",
    "stock.allocated_matches_allocations": "UPDATE suppliers_stocklevel"
    " SET allocated_outstanding = allocated_outstanding + 1",
    "stock.counters_match_movements": "UPDATE suppliers_stockmovement SET reported_delta = 1 WHERE kind = 'reported'",
    "stock.seen_has_evidence": "UPDATE orders_allocation SET status = 'seen' WHERE status = 'unseen'",
    "stock.drop_explained_once": "UPDATE orders_allocation SET absorbed_by = 'order', quantity = 9999,"
    " absorbed_in_id = (SELECT min(id) FROM suppliers_stockmovement)",
    "stock.unseen_has_reason": "UPDATE orders_allocation SET status_since = status_since - interval '2 hours'",
    "stock.line_on_one_level": "UPDATE orders_allocation SET quantity = quantity + 1 WHERE status = 'unseen'",
    "stock.network_limits": "UPDATE orders_order SET network = 'one', status = 'pending_payment';"
    " UPDATE orders_reservation SET status = 'active', quantity = 150",
    "stock.reserved_until_paid": "UPDATE orders_order SET status = 'placed'"
    " WHERE status = 'pending_payment'",
    "payments.order_total": "UPDATE orders_order SET discount_amount = 1",
    "payments.total_matches_parts": "UPDATE orders_order SET delivery_plan = '[]'",
    "payments.discount_matches_redemptions": "UPDATE orders_order SET discount_amount = discount_amount + 1",
    "payments.promotion_uses": "INSERT INTO orders_promotion (channel_id, name, kind, percent,"
    " amount, buy_quantity, get_quantity, get_percent, needs_code, starts_at, usage_limit,"
    " priority, combines, may_go_below_floor, is_active, used)"
    " SELECT id, 'Autumn', 'percent', 0.1, 0, 0, 0, 1, true, now(), 5, 0, false, false, true, 3"
    " FROM catalog_channel LIMIT 1",
    "payments.order_subtotal": "UPDATE orders_orderline SET unit_amount = unit_amount + 1",
    "payments.totals_match_events": "UPDATE orders_payment SET captured_amount = captured_amount - 1"
    " WHERE captured_amount > 0",
    "payments.within_authorization": "UPDATE orders_payment SET authorized_amount = 1 WHERE captured_amount > 1",
    "payments.captured_for_accepted": "UPDATE orders_purchaseorder SET customer_charge_amount = 1"
    " WHERE accepted_at IS NOT NULL",
    "payments.accepted_is_charged": "DELETE FROM orders_paymentevent WHERE kind = 'capture_requested'",
    "payments.charge_within_total": "UPDATE orders_purchaseorder"
    " SET customer_charge_amount = customer_charge_amount + 1",
    "payments.canceled_is_refunded": "DELETE FROM orders_paymentevent WHERE kind = 'void_requested';"
    " UPDATE orders_payment SET voided_amount = 0",
    "payments.submitted_is_paid": "UPDATE orders_payment SET authorized_amount = 0",
    "payments.days_reconciled": "UPDATE orders_reconciliationrun SET starts_at = starts_at - interval '30 days',"
    " ends_at = ends_at - interval '30 days';"
    " UPDATE orders_paymentevent SET received_at = received_at - interval '5 days'",
    "payments.matched_invoices": "UPDATE orders_supplierinvoice SET match = 'matched', purchase_order_id = NULL",
    "payments.supplier_payments_add_up": "UPDATE orders_supplierinvoice SET paid_amount = 1",
    "payments.differences_seen": "DELETE FROM orders_discrepancyobservation",
    "customer_invoices.shipped_is_invoiced": "DELETE FROM orders_customerinvoice;"
    " UPDATE orders_purchaseorder SET status_since = status_since - interval '2 hours'",
    "customer_invoices.match_charges": "DELETE FROM orders_customerinvoice WHERE kind = 'credit_note'",
    "customer_invoices.rows_add_up": "UPDATE orders_customerinvoice SET tax_amount = tax_amount + 1",
    "customer_invoices.numbers_consecutive": "UPDATE orders_invoiceseries SET last_number = last_number + 1",
    "customer_invoices.published": "UPDATE orders_customerinvoice SET file = '',"
    " issued_at = issued_at - interval '2 hours'",
    "purchase_orders.line_once": "UPDATE orders_purchaseline SET quantity = quantity + 1",
    "purchase_orders.paid_only": "UPDATE orders_order SET status = 'canceled' WHERE status = 'processing'",
    "purchase_orders.one_per_location": "UPDATE orders_purchaseorder SET order_id = (SELECT min(order_id)"
    " FROM orders_purchaseorder)",
    "purchase_orders.own_lines": "UPDATE orders_purchaseline SET purchase_order_id = (SELECT min(id)"
    " FROM orders_purchaseorder)",
    "purchase_orders.backorders_end": "UPDATE orders_backorder SET status = 'open',"
    " status_since = status_since - interval '2 hours',"
    " order_id = (SELECT min(id) FROM orders_order WHERE status = 'processing')",
    "purchase_orders.backorders_open": "UPDATE orders_backorder SET status = 'open'",
    "purchase_orders.live_lines": "UPDATE orders_purchaseline SET is_active = NOT is_active",
    "purchase_orders.attempt_recorded_first": "DELETE FROM orders_purchasemessage WHERE kind = 'place'",
    "purchase_orders.submission_answered": "UPDATE orders_purchaseorder SET submission_status = 'submitting',"
    " submission_status_since = submission_status_since - interval '1 hour'",
    "purchase_orders.submitted_in_time": "UPDATE orders_purchaseorder SET status = 'ready', submit_at = accepted_at"
    " - interval '9 days', status_since = accepted_at - interval '9 days', submission_status ="
    " 'unsubmitted' WHERE status = 'in_progress'",
    "purchase_orders.accepted_before_shipped": "UPDATE orders_purchaseorder SET accepted_at = NULL",
    "purchase_orders.canceled_but_shipped_decided": "UPDATE orders_purchaseorder SET status = 'canceled'",
    "purchase_orders.supplier_number_once": "UPDATE orders_purchaseorder SET supplier_reference = 'S-1'",
    "parcels.webhook_once": "UPDATE hooks_inboundwebhook SET external_id = 'same'",
    "parcels.status_matches_events": "UPDATE shipping_parcel SET carrier_status = 'lost'",
    "parcels.not_behind_events": "UPDATE shipping_parcel SET status = 'label_created'",
    "parcels.tracking_number_once": "UPDATE shipping_parcel SET number = 'same'",
    "parcels.own_lines": "UPDATE shipping_shipment SET purchase_order_id = (SELECT min(id)"
    " FROM orders_purchaseorder)",
    "parcels.quantities_match": "UPDATE orders_orderline SET shipped_quantity = 0, delivered_quantity = 0",
    "parcels.shipped_whole": "UPDATE orders_purchaseorder SET status = 'shipped'"
    " WHERE status = 'in_progress'",
    "parcels.settled_once": "UPDATE shipping_parcel SET resolution = 'refunded'",
    "parcels.purchase_order_ends": "UPDATE orders_purchaseorder SET status = 'shipped'",
    "messaging.message_once": "UPDATE notifications_message SET event_id = (SELECT min(event_id)"
    " FROM notifications_message), template = 'same'",
    "messaging.parcel_message_once": "DELETE FROM notifications_message; DELETE FROM notifications_event"
    " WHERE name = 'parcel.shipped'",
    "messaging.events_in_order": "UPDATE notifications_event SET sequence = sequence + 1",
    "messaging.events_fanned_out": "UPDATE notifications_event SET fanned_out_at = NULL,"
    " occurred_at = occurred_at - interval '6 minutes'",
    "messaging.messages_sent": "UPDATE notifications_message SET status = 'sending',"
    " status_since = status_since - interval '1 hour'",
    "messaging.webhooks_processed": "UPDATE hooks_inboundwebhook SET status = 'received',"
    " due_at = due_at - interval '1 hour'",
    "messaging.reservations_expire": "UPDATE orders_reservation SET status = 'active',"
    " expires_at = expires_at - interval '1 day'",
    "messaging.orders_progress": "UPDATE orders_order SET status_since = status_since - interval '1 hour'"
    " WHERE status = 'placed'",
    "messaging.payment_requests_answered": "UPDATE orders_paymentevent SET answers_id = NULL,"
    " received_at = received_at - interval '2 hours'",
    "messaging.sync_runs_end": "UPDATE suppliers_syncrun SET status = 'staged',"
    " lease_until = lease_until - interval '1 hour'",
    "listings.one_sync_run": "UPDATE suppliers_syncrun SET status = 'staged'; INSERT INTO suppliers_syncrun"
    " SELECT (r).* FROM (SELECT jsonb_populate_record(f, '{\"id\": -1}') AS r"
    " FROM suppliers_syncrun f) copies",
    "listings.quarantine_decided": "UPDATE suppliers_syncrun SET status = 'quarantined',"
    " status_since = now() - interval '90 days'",
    "listings.changes_of_open_runs": "INSERT INTO suppliers_pendingchange"
    " (run_id, kind, row, place, country, size, outcome)"
    " SELECT id, 'discontinued', 'P1', '', '', 0, '' FROM suppliers_syncrun LIMIT 1",
    "listings.available_has_offer": "UPDATE suppliers_supplieroffer SET status = 'on_hold'",
    "listings.changes_from_applied_runs": "UPDATE suppliers_syncrun SET status = 'discarded'",
    "listings.reserved_from_fresh_stock": "UPDATE suppliers_stocklevel SET as_of = as_of"
    " - interval '25 hours'",
    "listings.available_is_fresh": "UPDATE suppliers_supplier SET stock_expires_after_min = 60;"
    " UPDATE suppliers_stocklevel SET as_of = as_of - interval '2 hours'",
    "listings.quarantine_changes_nothing": "UPDATE suppliers_syncrun SET status = 'quarantined', updated = 3",
    "listings.price_covers_cost": "UPDATE catalog_listing SET cost_amount = price_amount + 1",
    "listings.published_is_active": "UPDATE catalog_listing SET is_delisted = true",
    "listings.pending_rate": "INSERT INTO catalog_exchangerate (base, quote, rate, pending_rate, source,"
    " as_of, validity) VALUES ('USD', 'EUR', 0.9, 0.5, 'test', now(), 'sure')",
    "listings.price_has_rule": "UPDATE catalog_pricebook SET status = 'draft'",
    "listings.card_matches_variant": "UPDATE catalog_productcard SET price_amount = price_amount + 1",
    "supplier_compliance.verified_by": "UPDATE suppliers_compliancedocument SET verified_by = ''",
    "supplier_compliance.lithium_reports_valid": "UPDATE suppliers_compliancedocument SET valid_until = '2026-11-23'",
    "supplier_compliance.fact_once": "UPDATE suppliers_scorecardfact SET kind = 'filled', subject = 'line:1'",
    "supplier_compliance.scorecard_bounds": "UPDATE suppliers_scorecard SET value = coalesce(high, 0) + 1",
    "supplier_compliance.fact_subject_exists": "UPDATE suppliers_scorecardfact SET subject = 'parcel:0'",
    "claims.unit_once": "UPDATE orders_supplierclaimline SET quantity = quantity + 1",
    "claims.own_lines": "UPDATE orders_supplierclaim SET expected_amount = expected_amount + 1",
    "claims.freight_within_charge": "UPDATE orders_supplierclaim SET freight_amount = 1",
    "claims.credit_within_claim": "UPDATE orders_supplierclaim SET credited_amount = expected_amount + 1"
    " WHERE status = 'credited'",
    "claims.submission_answered": "UPDATE orders_supplierclaim SET status = 'submitting',"
    " status_since = status_since - interval '1 hour'",
    "claims.attempt_recorded_first": "DELETE FROM orders_purchasemessage WHERE kind = 'claim'",
    "returns.quantities_match": "UPDATE orders_returnline SET accepted_quantity = 0",
    "returns.not_more_than_shipped": "UPDATE orders_orderline SET shipped_quantity = 0,"
    " delivered_quantity = 0",
    "returns.own_lines": "UPDATE orders_returnauthorization SET order_id = (SELECT min(id)"
    " FROM orders_order)",
    "returns.refund_within_paid": "UPDATE orders_returnline SET paid_amount = 9999",
    "returns.amount_due": "UPDATE orders_returnauthorization SET due_amount = due_amount + 1",
    "returns.label_deducted": "UPDATE orders_returnauthorization SET kind = 'withdrawal', label_amount = 1"
    " WHERE status = 'refunded'",
    "returns.refunded_once": "DELETE FROM orders_paymentevent WHERE external_id LIKE '%:return:%'",
    "returns.replacement_refund_passed_on": "INSERT INTO orders_returnauthorization SELECT (r).* FROM ("
    "SELECT jsonb_populate_record(a, jsonb_build_object('id', -1, 'status', 'exchanged',"
    " 'replacement_id', a.order_id)) AS r FROM orders_returnauthorization a LIMIT 1) copies",
    "returns.replacement_refund_complete": "WITH gone AS (UPDATE orders_orderline SET canceled_quantity = quantity),"
    " kept AS (UPDATE orders_returnline SET replaced_amount = 1)"
    " UPDATE orders_returnauthorization SET replacement_id = order_id WHERE status = 'refunded'",
    "returns.difference_refunded_once": "UPDATE orders_returnline SET difference_amount = 1",
    "returns.replacement_matches": "UPDATE orders_returnauthorization SET replacement_id = order_id",
    "returns.credit_once": "UPDATE orders_supplierreturnline SET quantity = ordered_quantity + 1",
    "returns.credit_amount": "UPDATE orders_supplierreturn SET expected_amount = expected_amount + 1",
    "status_history.last_status": "UPDATE orders_order SET status = 'on_hold' WHERE status = 'processing'",
    "status_history.recorded": "DELETE FROM lib_statuschange WHERE subject = 'orders.PurchaseOrder'",
    "status_history.continuous": "UPDATE lib_statuschange SET from_status = 'nowhere'"
    " WHERE subject = 'orders.PurchaseOrder'",
}


def disable_constraints():
    """Disable the database's constraints until the test is rolled back."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")  # no foreign keys
        cursor.execute(
            """
            SELECT conrelid::regclass, conname FROM pg_constraint
            WHERE contype IN ('c', 'u') AND connamespace = 'public'::regnamespace
            """
        )
        for table, name in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}" CASCADE')
        cursor.execute(
            """
            SELECT indexrelid::regclass FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
            WHERE indisunique AND NOT indisprimary
              AND relnamespace = 'public'::regnamespace AND relkind = 'r'
            """
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX {name}")


def broken(now=NOON):
    return {finding.invariant.code for finding in registry.check_all(now=now) if finding.count}


def is_found(code, plant):
    asked = [invariant for invariant in registry.INVARIANTS if invariant.code == code]
    savepoint = transaction.savepoint_create()
    with connection.cursor() as cursor:
        cursor.execute(plant)
    found = registry.check_some(asked, now=NOON)
    transaction.savepoint_rollback(savepoint)
    return any(finding.count for finding in found)


def test_full_shop_has_no_violations():
    assert broken() == set()
    statuses = {"pending_payment", "placed", "processing", "completed", "expired", "canceled"}
    assert set(orders_by_status()) == statuses


def test_each_violation_is_found():
    assert sorted(PLANTED) == sorted(invariant.code for invariant in registry.INVARIANTS)
    disable_constraints()

    overlooked = [code for code, plant in PLANTED.items() if not is_found(code, plant)]

    assert overlooked == []


def test_clock_that_runs_backward_hides_no_record():
    code, later = "purchase_orders.attempt_recorded_first", "+ interval '10 minutes'"
    earlier = "submission_status_since = submission_status_since - interval '10 minutes'"

    assert not is_found(code, f"UPDATE orders_purchaseorder SET {earlier}")
    assert is_found(code, f"UPDATE orders_purchasemessage SET at = at {later} WHERE kind = 'place'")


def test_stopped_worker_violates_time_limits():
    assert broken(now=NOON + timedelta(hours=1)) == {
        "messaging.reservations_expire",
        "messaging.orders_progress",
    }


@pytest.mark.parametrize(
    ("since", "retry_after_min", "is_late"),
    [
        (-31, None, True),
        (-29, None, False),
        (-300, 60, False),
        (-300, -29, False),
        (-300, -31, True),
        (-29, -300, False),
    ],
)
def test_unanswered_submission_is_late_after_the_requested_pause(since, retry_after_min, is_late):
    known = {
        "retry_at": None if retry_after_min is None else NOON + timedelta(minutes=retry_after_min)
    }
    at = NOON + timedelta(minutes=since)
    SupplierClaim.objects.filter(pk=make_claim().pk).update(
        status="submit_unknown", status_since=at, **known
    )
    PurchaseOrder.objects.update(
        submission_status="submit_unknown", submission_status_since=at, **known
    )

    found = {code for code in broken() if code.endswith("submission_answered")}
    both = {"purchase_orders.submission_answered", "claims.submission_answered"}
    assert found == (both if is_late else set())


def test_a_published_discontinued_variant_is_found():
    Variant.objects.update(status="discontinued")

    assert broken() == {"listings.published_is_active"}


def test_command_fails_and_prints_violating_rows(capsys):
    with connection.cursor() as cursor:
        cursor.execute(PLANTED["listings.published_is_active"])

    with pytest.raises(SystemExit) as ended:
        call_command("check_invariants")

    assert ended.value.code == 1
    output = capsys.readouterr().out
    assert "BROKEN listings.published_is_active" in output
    assert "is_delisted=True" in output
