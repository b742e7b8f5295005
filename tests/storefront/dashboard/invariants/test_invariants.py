from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from orders.models import PurchaseOrder, SupplierClaim
from storefront.dashboard.invariants import registry
from tests.factories.claims import make_claim
from tests.factories.full_shop import make_world, orders_by_status
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

# Each creates a violation, bypassing constraints and services.
PLANTED = {
    "I1.not_negative": "UPDATE suppliers_stocklevel SET buffer = -1",
    "I1.reserved": "UPDATE suppliers_stocklevel SET reserved = reserved + 1",
    "I1.allocated": "UPDATE suppliers_stocklevel SET allocated_unseen = allocated_unseen + 1",
    "I1.movements": "UPDATE suppliers_stockmovement SET reported_delta = 1 WHERE kind = 'reported'",
    "I1.evidence": "UPDATE orders_allocation SET status = 'seen' WHERE status = 'unseen'",
    "I1.drop_once": "UPDATE orders_allocation SET seen_by = 'order', quantity = 9999,"
    " seen_in_id = (SELECT min(id) FROM suppliers_stockmovement)",
    "I1.doubt": "UPDATE orders_allocation SET status_since = status_since - interval '2 hours'",
    "I1.same_row": "UPDATE orders_allocation SET quantity = quantity + 1 WHERE status = 'unseen'",
    "I1.network": "UPDATE orders_order SET network = 'one', status = 'pending_payment';"
    " UPDATE orders_reservation SET status = 'active', quantity = 150",
    "I1.held_while_unpaid": "UPDATE orders_order SET status = 'placed'"
    " WHERE status = 'pending_payment'",
    "I2.total": "UPDATE orders_order SET discount_amount = 1",
    "I2.parts": "UPDATE orders_order SET delivery_plan = '[]'",
    "I2.promotions": "UPDATE orders_order SET discount_amount = discount_amount + 1",
    "I2.limits_of_promotions": "INSERT INTO orders_promotion (channel_id, name, kind, percent,"
    " amount, buy_quantity, get_quantity, get_percent, needs_code, starts_at, limit_total,"
    " priority, combines, may_go_below_floor, is_live, used)"
    " SELECT id, 'Autumn', 'percent', 0.1, 0, 0, 0, 1, true, now(), 5, 0, false, false, true, 3"
    " FROM catalog_channel LIMIT 1",
    "I2.goods": "UPDATE orders_orderline SET unit_amount = unit_amount + 1",
    "I2.book": "UPDATE orders_payment SET captured_amount = captured_amount - 1"
    " WHERE captured_amount > 0",
    "I2.limits": "UPDATE orders_payment SET authorized_amount = 1 WHERE captured_amount > 1",
    "I2.captured_for_accepted": "UPDATE orders_purchaseorder SET charge_amount = 1"
    " WHERE accepted_at IS NOT NULL",
    "I2.accepted_is_charged": "DELETE FROM orders_paymentevent WHERE kind = 'capture_requested'",
    "I2.charge": "UPDATE orders_purchaseorder SET charge_amount = charge_amount + 1",
    "I2.nothing_kept": "DELETE FROM orders_paymentevent WHERE kind = 'release_requested';"
    " UPDATE orders_payment SET released_amount = 0",
    "I2.paid": "UPDATE orders_payment SET authorized_amount = 0",
    "I2.reconciled": "UPDATE orders_moneyday SET starts_at = starts_at - interval '30 days',"
    " ends_at = ends_at - interval '30 days';"
    " UPDATE orders_paymentevent SET received_at = received_at - interval '5 days'",
    "I2.bills": "UPDATE orders_supplierbill SET match = 'matched', purchase_order_id = NULL",
    "I2.differences": "DELETE FROM orders_moneysighting",
    "I3.line_once": "UPDATE orders_purchaseline SET quantity = quantity + 1",
    "I3.paid_only": "UPDATE orders_order SET status = 'canceled' WHERE status = 'processing'",
    "I3.one_per_location": "UPDATE orders_purchaseorder SET order_id = (SELECT min(order_id)"
    " FROM orders_purchaseorder)",
    "I3.belongs": "UPDATE orders_purchaseline SET purchase_order_id = (SELECT min(id)"
    " FROM orders_purchaseorder)",
    "I7.setbacks_end": "UPDATE orders_setback SET status = 'open',"
    " status_since = status_since - interval '2 hours',"
    " order_id = (SELECT min(id) FROM orders_order WHERE status = 'processing')",
    "I3.setbacks": "UPDATE orders_setback SET status = 'open'",
    "I3.dead_lines": "UPDATE orders_purchaseline SET is_live = NOT is_live",
    "I4.said_before": "DELETE FROM orders_purchasemessage WHERE kind = 'place'",
    "I4.not_lost": "UPDATE orders_purchaseorder SET request_status = 'submitting',"
    " request_status_since = request_status_since - interval '1 hour'",
    "I4.goes_in_time": "UPDATE orders_purchaseorder SET status = 'ready', goes_at = accepted_at"
    " - interval '9 days', status_since = accepted_at - interval '9 days', request_status ="
    " 'unsubmitted' WHERE status = 'in_progress'",
    "I4.accepted": "UPDATE orders_purchaseorder SET accepted_at = NULL",
    "I4.stopped": "UPDATE orders_purchaseorder SET status = 'canceled'",
    "I4.adopted_once": "UPDATE orders_purchaseorder SET supplier_reference = 'S-1'",
    "I5.call_once": "UPDATE hooks_inboundcall SET external_id = 'same'",
    "I5.carrier_status": "UPDATE shipping_parcel SET carrier_status = 'lost'",
    "I5.not_behind": "UPDATE shipping_parcel SET status = 'announced'",
    "I5.parcel_once": "UPDATE shipping_parcel SET number = 'same'",
    "I5.own_lines": "UPDATE shipping_shipment SET purchase_order_id = (SELECT min(id)"
    " FROM orders_purchaseorder)",
    "I5.shipped": "UPDATE orders_orderline SET shipped_quantity = 0, delivered_quantity = 0",
    "I5.shipped_whole": "UPDATE orders_purchaseorder SET status = 'shipped'"
    " WHERE status = 'in_progress'",
    "I6.told_once": "UPDATE notifications_delivery SET event_id = (SELECT min(event_id)"
    " FROM notifications_delivery), template = 'same'",
    "I6.parcel_once": "DELETE FROM notifications_delivery; DELETE FROM notifications_event"
    " WHERE name = 'parcel.shipped'",
    "I6.in_order": "UPDATE notifications_event SET sequence = sequence + 1",
    "I7.passed_on": "UPDATE notifications_event SET fanned_out_at = NULL,"
    " occurred_at = occurred_at - interval '6 minutes'",
    "I7.sent": "UPDATE notifications_delivery SET status = 'delivering',"
    " status_since = status_since - interval '1 hour'",
    "I7.understood": "UPDATE hooks_inboundcall SET status = 'received',"
    " due_at = due_at - interval '1 hour'",
    "I7.given_back": "UPDATE orders_reservation SET status = 'active',"
    " expires_at = expires_at - interval '1 day'",
    "I7.orders_move": "UPDATE orders_order SET status_since = status_since - interval '1 hour'"
    " WHERE status = 'placed'",
    "I7.money_moves": "UPDATE orders_paymentevent SET answers_id = NULL,"
    " received_at = received_at - interval '2 hours'",
    "I7.runs_end": "UPDATE suppliers_feedrun SET status = 'staged',"
    " lease_until = lease_until - interval '1 hour'",
    "I8.one_run": "UPDATE suppliers_feedrun SET status = 'staged'; INSERT INTO suppliers_feedrun"
    " SELECT (r).* FROM (SELECT jsonb_populate_record(f, '{\"id\": -1}') AS r"
    " FROM suppliers_feedrun f) copies",
    "I8.decided": "UPDATE suppliers_feedrun SET status = 'quarantined',"
    " status_since = now() - interval '90 days'",
    "I8.kept_changes": "INSERT INTO suppliers_feedchange"
    " (run_id, kind, row, place, country, size, outcome)"
    " SELECT id, 'gone', 'P1', '', '', 0, '' FROM suppliers_feedrun LIMIT 1",
    "I8.no_ghosts": "UPDATE suppliers_supplieroffer SET status = 'held'",
    "I8.nothing_applied": "UPDATE suppliers_feedrun SET status = 'discarded'",
    "I8.nothing_from_old_figures": "UPDATE suppliers_stocklevel SET as_of = as_of"
    " - interval '25 hours'",
    "I8.pages_age": "UPDATE suppliers_supplier SET stock_hidden_min = 60;"
    " UPDATE suppliers_stocklevel SET as_of = as_of - interval '2 hours'",
    "I8.quarantine": "UPDATE suppliers_feedrun SET status = 'quarantined', updated = 3",
    "P1.not_below_cost": "UPDATE catalog_listing SET cost_amount = price_amount + 1",
    "P2.fit_to_show": "UPDATE catalog_listing SET is_withdrawn = true",
    "P5.waiting_rate": "INSERT INTO catalog_exchangerate (base, quote, rate, waiting_rate, source,"
    " as_of, standing) VALUES ('USD', 'EUR', 0.9, 0.5, 'test', now(), 'sure')",
    "P4.one_book": "UPDATE catalog_pricebook SET status = 'draft'",
    "P3.card_price": "UPDATE catalog_card SET price_amount = price_amount + 1",
    "V1.judged": "UPDATE suppliers_evidence SET verified_by = ''",
    "V2.not_over": "UPDATE suppliers_evidence SET valid_until = '2026-11-23'",
    "V3.fact_once": "UPDATE suppliers_scorecardfact SET kind = 'filled', subject = 'line:1'",
    "V4.within_bounds": "UPDATE suppliers_scorecard SET value = coalesce(high, 0) + 1",
    "V5.no_fact_without_cause": "UPDATE suppliers_scorecardfact SET subject = 'parcel:0'",
    "I9.unit_once": "UPDATE orders_supplierclaimline SET quantity = quantity + 1",
    "I9.own_lines": "UPDATE orders_supplierclaim SET expected_amount = expected_amount + 1",
    "I9.freight": "UPDATE orders_supplierclaim SET freight_amount = 1",
    "I9.credit": "UPDATE orders_supplierclaim SET credited_amount = expected_amount + 1"
    " WHERE status = 'credited'",
    "I9.not_lost": "UPDATE orders_supplierclaim SET status = 'submitting',"
    " status_since = status_since - interval '1 hour'",
    "I9.said_before": "DELETE FROM orders_purchasemessage WHERE kind = 'claim'",
    "I10.counted": "UPDATE orders_returnline SET accepted_quantity = 0",
    "I10.not_more_than_left": "UPDATE orders_orderline SET shipped_quantity = 0,"
    " delivered_quantity = 0",
    "I10.own_lines": "UPDATE orders_returnauthorization SET order_id = (SELECT min(id)"
    " FROM orders_order)",
    "I10.share": "UPDATE orders_returnline SET share_amount = 9999",
    "I10.due": "UPDATE orders_returnauthorization SET due_amount = due_amount + 1",
    "I10.paid_once": "DELETE FROM orders_paymentevent WHERE external_id LIKE '%:return:%'",
    "I10.passed_on": "INSERT INTO orders_returnauthorization SELECT (r).* FROM ("
    "SELECT jsonb_populate_record(a, jsonb_build_object('id', -1, 'status', 'exchanged',"
    " 'replacement_id', a.order_id)) AS r FROM orders_returnauthorization a LIMIT 1) copies",
    "I10.all_passed_on": "WITH gone AS (UPDATE orders_orderline SET canceled_quantity = quantity),"
    " kept AS (UPDATE orders_returnline SET replaced_amount = 1)"
    " UPDATE orders_returnauthorization SET replacement_id = order_id WHERE status = 'refunded'",
    "I10.difference": "UPDATE orders_returnline SET difference_amount = 1",
    "I10.replaced": "UPDATE orders_returnauthorization SET replacement_id = order_id",
    "I10.credit_once": "UPDATE orders_supplierrmaline SET quantity = ordered_quantity + 1",
    "I10.credit": "UPDATE orders_supplierrma SET expected_amount = expected_amount + 1",
    "I12.last_move": "UPDATE orders_order SET status = 'on_hold' WHERE status = 'processing'",
    "I12.traced": "DELETE FROM lib_statuschange WHERE subject = 'orders.PurchaseOrder'",
    "I12.chain": "UPDATE lib_statuschange SET from_status = 'nowhere'"
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
    return {finding.invariant.code for finding in registry.check(now=now) if finding.count}


def found_after(plant):
    savepoint = transaction.savepoint_create()
    with connection.cursor() as cursor:
        cursor.execute(plant)
    found = broken()
    transaction.savepoint_rollback(savepoint)
    return found


def test_empty_shop_has_no_violations():
    assert broken() == set()


def test_full_shop_has_no_violations(monkeypatch):
    make_world(monkeypatch)

    assert broken() == set()
    assert set(orders_by_status()) == {
        "pending_payment",
        "placed",
        "processing",
        "completed",
        "expired",
        "canceled",
    }


def test_each_violation_is_found(monkeypatch):
    make_world(monkeypatch)
    disable_constraints()

    overlooked = [code for code, plant in PLANTED.items() if code not in found_after(plant)]

    assert overlooked == []


@pytest.mark.parametrize(
    ("plant", "is_broken"),
    [
        ("UPDATE orders_purchaseorder SET request_status_since = request_status_since - %s", False),
        ("UPDATE orders_purchasemessage SET at = at + %s WHERE kind = 'place'", True),
    ],
)
def test_clock_that_runs_backward_hides_no_record(monkeypatch, plant, is_broken):
    make_world(monkeypatch)

    found = found_after(plant % "interval '10 minutes'")

    assert ("I4.said_before" in found) == is_broken


def test_every_invariant_has_a_violation_case():
    codes = [invariant.code for invariant in registry.INVARIANTS]

    assert sorted(codes) == sorted(PLANTED)


def test_stopped_worker_violates_time_limits(monkeypatch):
    make_world(monkeypatch)

    assert broken(now=NOON + timedelta(hours=1)) == {"I7.given_back", "I7.orders_move"}


@pytest.mark.parametrize(
    ("since", "rests_until", "codes"),
    [
        (-31, None, {"I4.not_lost", "I9.not_lost"}),
        (-29, None, set()),
        (-300, 60, set()),
        (-300, -29, set()),
        (-300, -31, {"I4.not_lost", "I9.not_lost"}),
        (-29, -300, set()),
    ],
)
def test_unanswered_submission_is_late_after_the_requested_pause(since, rests_until, codes):
    claim = make_claim()
    known = {"try_after": None if rests_until is None else NOON + timedelta(minutes=rests_until)}
    at = NOON + timedelta(minutes=since)
    SupplierClaim.objects.filter(pk=claim.pk).update(
        status="submit_unknown", status_since=at, **known
    )
    PurchaseOrder.objects.update(request_status="submit_unknown", request_status_since=at, **known)

    assert {code for code in broken() if code.endswith("not_lost")} == codes


def test_command_prints_json_and_passes_a_sound_shop(capsys):
    call_command("check_invariants", "--json")

    answer = json.loads(capsys.readouterr().out)
    assert answer["violations"] == 0
    assert len(answer["invariants"]) == len(PLANTED)


def test_command_fails_and_prints_violating_rows(monkeypatch, capsys):
    make_world(monkeypatch)
    with connection.cursor() as cursor:
        cursor.execute(PLANTED["P2.fit_to_show"])

    with pytest.raises(SystemExit) as ended:
        call_command("check_invariants")

    assert ended.value.code == 1
    said = capsys.readouterr().out
    assert "BROKEN P2.fit_to_show" in said
    assert "is_withdrawn=True" in said
