"""Changes: what happens to an order in its store happens here, and no money is paid twice."""

import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from orders.accounting.reconciliation import gateway_comparison
from orders.cancellation import cancellation, items
from orders.models import Order, PurchaseOrder
from orders.payments import captures, refunds
from orders.purchasing import submission
from storefront.dashboard.invariants.payments import PAYMENTS
from storefront.dev.sandboxes.in_memory_platform import InMemoryPlatform
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.sales_channels.orders import cancellations, changes, decisions, sweeps
from storefront.sales_channels.orders.gateway import SalesChannelGateway
from storefront.sales_channels.platforms.base import RemoteRefund
from tests.factories.inbox_items import items_of
from tests.factories.orders import HOME
from tests.factories.remote_orders import (
    change_remote_order,
    eur,
    make_line,
    make_remote_order,
    refund_in_store,
    take_in,
)
from tests.factories.suppliers import NOON
from tests.support.concurrency import all_at_once
from tests.support.invariants import violated

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LATER = NOON + timedelta(minutes=30)


@pytest.fixture
def order(connection, store, lamp):
    make_remote_order(store, lines=[make_line(lamp, quantity=2), make_line(lamp, number=2)])
    return take_in(connection).order


def execute_requests(order, now=LATER):
    for payment in order.payments.all():
        captures.execute(payment=payment, now=now)


def test_an_order_canceled_and_refunded_there_is_canceled_here(connection, store, order):
    refund_in_store(store, order.total_amount, is_canceled=True)

    take_in(connection)
    execute_requests(order)

    order.refresh_from_db()
    payment = order.payments.get()
    assert (order.status, payment.status) == ("canceled", "refunded")
    assert len(store.orders["1001"].refunds) == 1
    assert violated(PAYMENTS) == []


def test_an_order_canceled_there_without_a_refund_is_refunded_once(connection, store, order):
    change_remote_order(store, is_canceled=True)

    take_in(connection)
    execute_requests(order)
    take_in(connection)
    execute_requests(order)

    [refund] = store.orders["1001"].refunds
    assert refund.amount == order.total
    assert order.payments.get().status == "refunded"


def test_a_refund_of_units_there_cancels_them_here(connection, store, order):
    refund_in_store(store, "39.99", {"l2": 1})

    take_in(connection)
    execute_requests(order)

    lines = dict(order.lines.values_list("external_reference", "canceled_quantity"))
    assert lines == {"l1": 0, "l2": 1}
    assert len(store.orders["1001"].refunds) == 1


def test_units_removed_there_are_canceled_and_refunded(connection, store, order):
    submission.create_purchase_orders(order=order, now=NOON)
    first, second = store.orders["1001"].lines
    change_remote_order(store, lines=(replace(first, canceled=1), second))

    take_in(connection)
    execute_requests(order)

    assert sum(line.canceled_quantity for line in order.lines.all()) == 1
    [refund] = store.orders["1001"].refunds
    assert str(refund.amount) == "39.99 EUR"


def test_an_older_version_changes_nothing(connection, store, order):
    newer = change_remote_order(store, ship_to=replace(HOME, line1="Neuweg 2"))
    take_in(connection)
    store.orders["1001"] = replace(newer, ship_to=HOME, updated_at=NOON)

    take_in(connection)

    order.refresh_from_db()
    assert order.ship_to["line1"] == "Neuweg 2"


def test_an_address_changed_there_too_late_is_told_to_staff(connection, store, order):
    submission.create_purchase_orders(order=order, now=NOON)
    PurchaseOrder.objects.update(status="shipped", submission_status="accepted")
    change_remote_order(store, ship_to=replace(HOME, line1="Neuweg 2"))

    record = take_in(connection)

    assert record.problem == "address_locked"


def test_a_cancellation_after_shipment_is_told_to_staff(connection, store, order):
    submission.create_purchase_orders(order=order, now=NOON)
    PurchaseOrder.objects.update(status="shipped", submission_status="accepted")
    change_remote_order(store, is_canceled=True)

    record = take_in(connection)

    assert record.problem == "too_late"
    assert Order.objects.get().status == "processing"


def test_a_cancellation_while_the_purchase_order_is_submitted_asks_the_supplier(
    connection, store, order
):
    submission.create_purchase_orders(order=order, now=NOON)
    PurchaseOrder.objects.update(status="ready", submission_status="submitting", attempts=1)
    refund_in_store(store, order.total_amount, is_canceled=True)

    record = take_in(connection)
    execute_requests(order)

    purchase_order = order.purchase_orders.get()
    assert (record.problem, purchase_order.cancel_requested_at is not None) == ("", True)
    assert len(store.orders["1001"].refunds) == 1


def test_units_added_there_are_told_to_staff(connection, store, order, lamp):
    change_remote_order(store, lines=(*store.orders["1001"].lines, make_line(lamp, number=3)))

    record = take_in(connection)

    assert (record.problem, record.detail) == ("units_added", f"{lamp.sku}: 1")


def test_our_cancellation_cancels_and_refunds_in_the_store_once(connection, store, order):
    cancellation.cancel(order=order, reason="out of stock", actor="staff", now=NOON)

    sweeps.report(connection=connection, now=NOON)
    sweeps.report(connection=connection, now=NOON)
    execute_requests(order)

    remote = store.orders["1001"]
    assert (remote.is_canceled, remote.payment) == (True, "refunded")
    assert len([call for call in store.calls if call.startswith("cancel")]) == 1
    assert not cancellations.due(connection, now=LATER).exists()


def test_a_refund_names_its_units_in_the_store(connection, store, order):
    submission.create_purchase_orders(order=order, now=NOON)
    two, one = order.lines.order_by("pk")
    items.cancel_items(
        order=order, keep={two.pk: 1, one.pk: 0}, reason="late", actor="staff", now=NOON
    )
    refunds.refund(order=order, amount=eur("5"), key="1", reason="late", actor="staff", now=NOON)

    for _ in range(2):
        execute_requests(order)

    named = [(str(made.amount), made.units) for made in store.orders["1001"].refunds]
    assert named == [("79.98 EUR", {"l1": 1, "l2": 1}), ("5.00 EUR", {})]


def test_a_cancellation_that_the_store_does_not_take_is_tried_again_by_staff(
    connection, store, order
):
    cancellation.cancel(order=order, reason="out of stock", actor="staff", now=NOON)
    store.failures = [None, PermanentError("it was archived", code="422")]
    sweeps.report(connection=connection, now=NOON)
    record = order.remote_order
    record.refresh_from_db()
    assert (record.problem, record.detail) == ("store_refused", "it was archived")
    assert not cancellations.due(connection, now=NOON).exists()

    decisions.retry(record=record, actor="erika", now=NOON)
    sweeps.report(connection=connection, now=NOON)

    record.refresh_from_db()
    assert (record.problem, store.orders["1001"].is_canceled) == ("", True)


def test_a_disconnected_store_stops_no_reconciliation(connection, store, order):
    connection.move("disconnected", at=NOON)

    result = gateway_comparison.compare(
        gateway="sales_channel", since=NOON - DAY, until=NOON + DAY, clock=lambda: NOON + DAY
    )

    assert result.findings == []


def test_a_refund_with_a_lost_answer_is_found_and_not_repeated(connection, store, order):
    cancellation.cancel(order=order, reason="out of stock", actor="staff", now=NOON)
    payment = order.payments.get()
    key = payment.events.get(kind="refund_requested").external_id
    refund_made_without_answer(store, order, key)

    captures.execute(payment=payment, now=LATER)

    assert len(store.orders["1001"].refunds) == 1
    assert order.payments.get().status == "refunded"


def refund_made_without_answer(store, order, key):
    remote = refund_in_store(store, order.total_amount)
    refunds = tuple(replace(refund, key=key) for refund in remote.refunds)
    store.orders["1001"] = replace(remote, refunds=refunds)


def test_a_store_that_does_not_answer_is_asked_again(connection, store, order):
    cancellation.cancel(order=order, reason="out of stock", actor="staff", now=NOON)
    store.failures = [TemporaryError("down")]

    with pytest.raises(TemporaryError):
        sweeps.report(connection=connection, now=NOON)
    sweeps.report(connection=connection, now=LATER)

    assert store.orders["1001"].is_canceled


def test_a_refund_whose_id_begins_like_another_is_recorded_once(connection, store, order):
    for number, (id_, amount) in enumerate({"12": "1.00", "1": "2.00"}.items()):
        refund = RemoteRefund(
            external_id=id_,
            amount=eur(amount),
            units={},
            reason="late",
            made_at=NOON + timedelta(minutes=number),
        )
        refunds = (*store.orders["1001"].refunds, refund)
        change_remote_order(store, refunds=refunds)
        take_in(connection)

    take_in(connection)

    assert order.payments.get().refunded_amount == Decimal("3.00")


def test_a_reason_of_the_store_that_ends_like_a_key_is_no_refund_of_ours(connection, store, order):
    changed = refund_in_store(store, "39.99", {"l2": 1})
    change_remote_order(store, refunds=(replace(changed.refunds[0], key="box"),))

    take_in(connection)

    lines = dict(order.lines.values_list("external_reference", "canceled_quantity"))
    assert lines == {"l1": 0, "l2": 1}
    assert order.payments.get().refunded_amount == Decimal("39.99")


def test_staff_see_an_order_whose_changes_fail_for_half_an_hour(connection, store, order):
    record = order.remote_order
    for _ in range(5):
        changes.defer(record, now=NOON)

    [item] = items_of("store_order_unprocessed")

    assert item.name == "#1001"


def test_a_cancellation_that_the_store_fails_to_make_stops_no_other(connection, store, lamp, order):
    make_remote_order(store, lamp, external_id="2")
    orders = [order, take_in(connection, "2").order]
    for each in orders:
        cancellation.cancel(order=each, reason="", actor="erika", now=NOON)
    store.failures = [None, TemporaryError("down")]  # the order is read, and not canceled

    with pytest.raises(TemporaryError):
        sweeps.report(connection=connection, now=NOON)
    sweeps.report(connection=connection, now=NOON)

    assert not store.orders["1001"].is_canceled
    assert store.orders["2"].is_canceled


@pytest.mark.django_db(transaction=True)
def test_two_workers_refund_once_at_a_store_without_keys(connection, store, order, monkeypatch):
    """The store looks for an earlier refund, as adapters do, and then makes one."""
    made = []

    def look_then_refund(_self, write):
        found = list(made)
        time.sleep(0.2)
        if not found:
            made.append(write.key)
        return RemoteRefund(
            external_id="r1", amount=write.amount, units={}, reason="", made_at=NOON, key=write.key
        )

    monkeypatch.setattr(InMemoryPlatform, "refund", look_then_refund)

    def refund():
        gateway = SalesChannelGateway(gate=None)
        gateway.refund(reference="memory:1001", amount=eur("1.00"), key="k1")

    all_at_once([refund] * 4, TemporaryError)

    assert made == ["k1"]
