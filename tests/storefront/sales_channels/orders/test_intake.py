"""Intake: each store order becomes one order of ours, or waits, or is refused there."""

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from orders.models import Order
from orders.purchasing import submission
from storefront.dashboard.invariants.payments import PAYMENTS
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.sales_channels.connections.factory import open_platform
from storefront.sales_channels.models import RemoteOrderRecord
from storefront.sales_channels.orders import decisions, intake, routing, sweeps, webhooks
from storefront.sales_channels.platforms.base import PaymentState
from suppliers.models import StockLevel
from suppliers.resilience.bulkheads import LockedElsewhereError
from tests.factories.catalog import make_channel
from tests.factories.inbox_items import items_of
from tests.factories.orders import HOME
from tests.factories.pricing import make_terms
from tests.factories.remote_orders import (
    change_remote_order,
    eur,
    make_line,
    make_remote_order,
    refund_in_store,
    take_in,
)
from tests.factories.sales_channels import make_connection
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival, all_at_once
from tests.support.invariants import violated

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_a_paid_order_becomes_ours_with_the_amounts_of_the_store(connection, store, lamp):
    lines = [
        make_line(lamp, quantity=2, unit="12.34", discount="1.11"),
        make_line(lamp, unit="9.99", number=2),
    ]
    make_remote_order(store, lines=lines)

    record = take_in(connection)

    order = record.order
    assert (record.status, record.name, record.problem) == ("imported", "#1001", "")
    assert (order.status, order.channel, order.external_reference) == (
        "placed",
        connection.channel,
        "1001",
    )
    assert (order.total, order.discount_amount) == (eur("38.46"), Decimal("1.11"))
    assert order.tax_amount == sum(line.tax.amount for line in lines) + Decimal("0.78")
    payment = order.payments.get()
    assert (payment.gateway, payment.reference) == ("sales_channel", "memory:1001")
    assert (payment.status, payment.captured_amount) == ("captured", order.total_amount)
    assert not order.notifies_customer
    assert violated(PAYMENTS) == []


def test_net_prices_of_a_store_keep_their_tax_on_top(connection, store, lamp):
    line = make_line(lamp, quantity=3, unit="10.00", tax=eur("5.70"))
    make_remote_order(
        store,
        lines=[line],
        prices_include_tax=False,
        delivery="4.00",
        delivery_tax=eur("0.76"),
        total=eur("40.46"),
    )

    order = take_in(connection).order

    assert (order.total, order.additional_tax_amount) == (eur("40.46"), Decimal("6.46"))
    assert violated(PAYMENTS) == []


@pytest.mark.parametrize(
    ("changes", "status", "problem"),
    [
        ({"payment": PaymentState.PENDING}, "waiting", "payment_pending"),
        ({"payment": PaymentState.VOIDED}, "canceled", ""),
        ({"is_canceled": True}, "canceled", ""),
        ({"is_test": True}, "ignored", ""),
        ({"currency": "USD"}, "waiting", "other_currency"),
        ({"total": eur("1.00")}, "waiting", "amounts_differ"),
        ({"delivery": "4.905"}, "waiting", "amounts_differ"),
        ({"ship_to": replace(HOME, line1="")}, "waiting", "invalid_address"),
        ({"ship_to": replace(HOME, country="AZ")}, "waiting", "undeliverable"),
    ],
)
def test_what_is_not_imported_says_why(  # noqa: PLR0917 - fixtures and one case
    connection, store, lamp, changes, status, problem
):
    make_remote_order(store, lamp, **changes)

    record = take_in(connection)

    assert (record.status, record.problem, record.order) == (status, problem, None)
    assert Order.objects.count() == 0


def test_a_line_without_units_and_a_missing_email_stop_nothing(connection, store, lamp):
    connection.notifies_customers = True
    connection.save(update_fields=["notifies_customers"])
    lines = [make_line(lamp), make_line(lamp, quantity=0, number=2, sku="OTHER")]
    make_remote_order(store, lines=lines, email="")

    order = take_in(connection).order

    assert (order.lines.count(), order.notifies_customer) == (1, False)


def test_an_unknown_item_waits_and_is_imported_when_it_is_known(connection, store, lamp):
    make_remote_order(store, lines=[make_line(lamp, sku="OTHER")])
    assert take_in(connection).problem == "unknown_item"
    lamp.sku = "OTHER"
    lamp.save(update_fields=["sku"])

    assert take_in(connection).status == "imported"


def test_a_phone_number_that_no_carrier_can_call_is_left_out(connection, store, lamp):
    make_remote_order(store, lamp, ship_to=replace(HOME, phone="call the shop"))

    assert take_in(connection).order.ship_to["phone"] == ""


@pytest.mark.parametrize(("given", "expected"), [("de-DE", "az"), ("", "az"), ("en_US", "en")])
def test_a_shopper_whose_language_is_not_ours_gets_that_of_the_channel(
    connection, store, lamp, given, expected
):
    connection.channel.default_language = "az"
    connection.channel.save(update_fields=["default_language"])
    make_remote_order(store, lamp, locale=given)

    assert take_in(connection).order.locale == expected


def test_an_order_that_is_paid_later_is_imported_then(connection, store, lamp):
    make_remote_order(store, lamp, payment=PaymentState.PENDING)
    take_in(connection)
    change_remote_order(store, payment=PaymentState.PAID)

    assert take_in(connection).status == "imported"


@pytest.mark.parametrize(
    "changes", [{"payment": PaymentState.VOIDED}, {"is_canceled": True, "payment": "pending"}]
)
def test_a_canceled_order_that_is_paid_after_all_is_imported(connection, store, lamp, changes):
    canceled = make_remote_order(store, lamp, **changes)
    assert take_in(connection).status == "canceled"
    older = replace(canceled, payment=PaymentState.PAID, is_canceled=False)
    store.orders["1001"] = older
    assert take_in(connection).status == "canceled"  # not a newer version
    change_remote_order(store)

    sweeps.poll(connection=connection, now=NOON + timedelta(minutes=2))

    assert RemoteOrderRecord.objects.get().status == "imported"


def test_an_order_without_stock_waits_then_is_refunded_and_canceled_in_the_store(
    connection, store, lamp
):
    make_remote_order(store, lines=[make_line(lamp, quantity=6)])
    record = take_in(connection)
    assert (record.status, record.problem) == ("waiting", "out_of_stock")
    assert record.detail == f"{lamp.sku}: 6 ordered, 5 available"

    record = take_in(connection, now=NOON + DAY)

    remote = store.orders["1001"]
    assert (record.status, remote.is_canceled, remote.payment) == ("refused", True, "refunded")
    [refund] = remote.refunds
    assert (refund.amount, refund.units) == (remote.total, {"l1": 6})
    assert Order.objects.count() == 0


def test_new_stock_ends_the_wait(connection, store, lamp):
    make_remote_order(store, lines=[make_line(lamp, quantity=6)])
    take_in(connection)
    StockLevel.objects.update(reported_quantity=8)

    record = take_in(connection)

    assert (record.status, record.detail) == ("imported", "")


def test_a_refusal_goes_on_after_a_lost_answer_and_refunds_once(connection, store, lamp):
    connection.refuse_after_hours = 0
    connection.save(update_fields=["refuse_after_hours"])
    make_remote_order(store, lines=[make_line(lamp, quantity=6)])
    lost = TemporaryError("no answer", is_outcome_unknown=True)
    store.failures = [None, None, lost]  # the order is read, refunded, and not canceled

    with pytest.raises(TemporaryError):
        take_in(connection)
    assert RemoteOrderRecord.objects.get().status == "refusing"
    record = take_in(connection)

    assert record.status == "refused"
    assert len(store.orders["1001"].refunds) == 1


def test_staff_refuse_an_order_that_waits(connection, store, lamp):
    make_remote_order(store, lines=[make_line(lamp, sku="OTHER")])
    record = take_in(connection)

    decisions.refuse(record=record, actor="erika", now=NOON)
    sweeps.process_due(connection=connection, now=NOON)

    record.refresh_from_db()
    assert (record.status, store.orders["1001"].is_canceled) == ("refused", True)


def test_a_refusal_that_the_store_does_not_take_is_for_staff_who_try_again(connection, store, lamp):
    make_remote_order(store, lines=[make_line(lamp, quantity=6)])
    record = take_in(connection)
    decisions.refuse(record=record, actor="erika", now=NOON)
    assert items_of("store_order_problem", now=NOON) == []
    store.failures = [None, PermanentError("no refund after 60 days", code="422")]

    sweeps.process_due(connection=connection, now=NOON)

    record.refresh_from_db()
    assert (record.status, record.detail) == ("refusing", "no refund after 60 days")
    assert len(items_of("store_order_problem", now=NOON)) == 1
    assert record.due_at > NOON

    decisions.retry(record=record, actor="erika", now=NOON)
    sweeps.process_due(connection=connection, now=NOON)

    record.refresh_from_db()
    assert (record.status, store.orders["1001"].is_canceled) == ("refused", True)
    with pytest.raises(decisions.CannotDecideError):
        decisions.retry(record=record, actor="erika", now=NOON)


def test_an_unpaid_order_is_refused_without_a_refund(connection, store, lamp):
    make_remote_order(store, lamp, payment=PaymentState.PENDING)
    record = take_in(connection)

    decisions.refuse(record=record, actor="erika", now=NOON)
    sweeps.process_due(connection=connection, now=NOON)

    record.refresh_from_db()
    remote = store.orders["1001"]
    assert (record.status, remote.is_canceled, remote.refunds) == ("refused", True, ())


def test_an_order_that_was_decided_on_is_not_read_again(connection, store, lamp):
    make_remote_order(store, lamp, is_canceled=True)
    record = take_in(connection)

    with pytest.raises(decisions.CannotDecideError):
        decisions.retry(record=record, actor="erika", now=NOON)

    record.refresh_from_db()
    assert record.due_at is None


def test_an_order_that_was_imported_cannot_be_refused(connection, store, lamp):
    make_remote_order(store, lamp)
    record = take_in(connection)

    with pytest.raises(decisions.CannotDecideError):
        decisions.refuse(record=record, actor="erika", now=NOON)


def test_a_crash_after_placing_loses_no_order_and_refuses_none(
    connection, store, lamp, monkeypatch
):
    make_remote_order(store, lines=[make_line(lamp, quantity=5)])

    def crash(_name):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(intake, "failpoint", crash)
        with pytest.raises(KeyboardInterrupt):
            take_in(connection)
    record = take_in(connection, now=NOON + DAY)

    assert (record.status, record.order) == ("imported", Order.objects.get())


def test_a_webhook_takes_in_the_order_that_it_names(connection, store, lamp):
    make_remote_order(store, lamp)

    external_id = webhooks.verify(
        connection, headers={"x-token": "memory-token", "x-delivery": "d1"}, body=b"1001"
    )

    assert webhooks.apply(connection, external_id=external_id, now=NOON)
    assert RemoteOrderRecord.objects.get().status == "imported"


def test_a_sale_below_the_floor_is_held_with_its_reason(connection, store, lamp, monkeypatch):
    supplier = connect(monkeypatch, ScriptedSupplier())
    make_terms(channel=connection.channel)
    make_remote_order(store, lines=[make_line(lamp, unit="3.00")])
    order = take_in(connection).order
    [purchase_order] = submission.create_purchase_orders(order=order, now=NOON)

    submission.submit(purchase_order=purchase_order, now=NOON)

    assert "margin" in {reason["code"] for reason in purchase_order.hold_reasons}
    assert supplier.effects == []


def test_refunds_before_the_order_is_imported_are_recorded_with_it(connection, store, lamp):
    make_remote_order(store, lines=[make_line(lamp, quantity=2), make_line(lamp, number=2)])
    refund_in_store(store, "39.99", {"l2": 1})

    order = take_in(connection).order

    assert order.payments.get().refunded_amount == Decimal("39.99")
    canceled = dict(order.lines.values_list("external_reference", "canceled_quantity"))
    assert canceled == {"l1": 0, "l2": 1}


@pytest.mark.django_db(transaction=True)
def test_webhooks_and_a_poll_at_once_take_an_order_in_once(connection, store, lamp):
    make_remote_order(store, lamp)

    def by_webhook():
        record = intake.ensure_record(connection=connection, external_id="1001", now=NOON)
        with open_platform(connection) as platform:
            sweeps.attempt(record=record, platform=platform, now=NOON)

    def by_poll():
        sweeps.poll(connection=connection, now=NOON)

    all_at_once([by_webhook, by_poll] * 4, LockedElsewhereError)

    assert (Order.objects.count(), RemoteOrderRecord.objects.get().status) == (1, "imported")


@pytest.mark.django_db(transaction=True)
def test_no_order_is_refused_for_lack_of_the_units_that_it_holds_itself(
    connection, store, lamp, monkeypatch
):
    """Another worker dies after it placed the order, while this one looks for stock."""
    connection.refuse_after_hours = 0
    connection.save(update_fields=["refuse_after_hours"])
    make_remote_order(store, lines=[make_line(lamp, quantity=5)])
    rival = Rival(lambda: take_in(connection))

    def die(_name):
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("the worker dies")

    monkeypatch.setattr(intake, "failpoint", die)
    rival.begin_at(monkeypatch, routing, "quote")

    record = take_in(connection)

    rival.finish()
    assert (record.status, store.orders["1001"].payment) == ("imported", "paid")
    assert isinstance(rival.failure, LockedElsewhereError)


def test_two_stores_may_use_the_same_order_id(connection, store, lamp):
    make_remote_order(store, lamp)
    other = make_connection(channel=make_channel(code="second"))

    first, second = take_in(connection).order, take_in(other).order

    assert first != second
