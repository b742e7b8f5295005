"""Remote order factories: make orders of the in-memory store, as its customers place them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from orders.pricing.totals import included_tax
from shipping.models import Parcel
from storefront.lib.money import Money
from storefront.sales_channels.connections.factory import open_platform
from storefront.sales_channels.models import Connection, RemoteFulfillment, RemoteOrderRecord
from storefront.sales_channels.orders import intake
from storefront.sales_channels.platforms.base import (
    PaymentState,
    RemoteLine,
    RemoteOrder,
    RemoteRefund,
)
from tests.factories.orders import HOME
from tests.factories.sales_channels import CONNECTION_ITEMS, make_connection
from tests.factories.suppliers import NOON

RATE = Decimal("0.19")


def _make_record(**fields):
    known = {"external_id": "1", "name": "#1", "status_since": NOON - timedelta(hours=3)}
    return RemoteOrderRecord.objects.create(connection=make_connection(), **known | fields)


def _make_unreported_parcel():
    parcel = Parcel.objects.filter(status__in=Parcel.LEFT).first()
    return RemoteFulfillment.objects.create(
        remote_order=_make_record(order=parcel.shipment.purchase_order.order, status="imported"),
        parcel=parcel,
        due_at=NOON,
        problem="unknown carrier",
    )


def _make_waiting_refusal():
    record = _make_record(status="refusing", total_amount=5, currency="EUR")
    since = NOON - timedelta(hours=1)
    Connection.objects.filter(pk=record.connection_id).update(
        status="disconnected", status_since=since
    )
    return record.connection


# One case for each rule of the inbox about stores.
STORE_ITEMS = {
    **CONNECTION_ITEMS,
    "store_order_problem": lambda: _make_record(
        status="waiting", problem="out_of_stock", problem_since=NOON
    ),
    "store_not_connected": _make_waiting_refusal,
    "store_order_unprocessed": _make_record,
    "store_parcel_unreported": _make_unreported_parcel,
}


def eur(amount):
    return Money(Decimal(amount), "EUR")


def make_line(variant, quantity=1, unit="39.99", discount="0", number=1, **fields):
    tax = included_tax(gross=eur(unit) * quantity - eur(discount), rate=RATE)
    known = {
        "external_id": f"l{number}",
        "sku": variant.sku,
        "variant_id": "",
        "title": variant.full_title,
        "quantity": quantity,
        "unit": eur(unit),
        "discount": eur(discount),
        "tax": tax,
        "tax_rate": RATE,
    }
    return RemoteLine(**known | fields)


def make_remote_order(store, *variants, external_id="1001", lines=(), delivery="4.90", **fields):
    """Put a paid order into the store."""
    lines = tuple(lines) or tuple(
        make_line(variant, number=number) for number, variant in enumerate(variants, 1)
    )
    goods = [line.unit * line.quantity - line.discount for line in lines]
    known = {
        "external_id": external_id,
        "name": f"#{external_id}",
        "placed_at": NOON,
        "updated_at": NOON,
        "payment": PaymentState.PAID,
        "is_canceled": False,
        "is_test": False,
        "email": "erika@example.org",
        "locale": "en-DE",
        "ship_to": HOME,
        "currency": "EUR",
        "prices_include_tax": True,
        "lines": lines,
        "delivery": eur(delivery),
        "delivery_tax": included_tax(gross=eur(delivery), rate=RATE),
        "total": Money.total([*goods, eur(delivery)], "EUR"),
    }
    order = RemoteOrder(**known | fields)
    store.orders[external_id] = order
    return order


def change_remote_order(store, external_id="1001", **fields):
    """Change an order in the store, a minute after its last change."""
    order = store.orders[external_id]
    fields = {"updated_at": order.updated_at + timedelta(minutes=1)} | fields
    store.orders[external_id] = changed = replace(order, **fields)
    return changed


def refund_in_store(store, amount, units=(), external_id="1001", **fields):
    """Refund an order as the staff of the store do."""
    order = store.orders[external_id]
    refund = RemoteRefund(
        external_id=f"r{len(order.refunds) + 1}",
        amount=eur(amount),
        units=dict(units),
        reason="no longer wanted",
        made_at=order.updated_at,
    )
    is_whole = eur(amount) == order.total
    state = PaymentState.REFUNDED if is_whole else PaymentState.PARTIALLY_REFUNDED
    known = {"refunds": (*order.refunds, refund), "payment": state}
    return change_remote_order(store, external_id, **known | fields)


def take_in(connection, external_id="1001", now=NOON):
    """Import an order of the store, as a webhook does."""
    record = intake.ensure_record(connection=connection, external_id=external_id, now=now)
    with open_platform(connection) as platform:
        intake.process(record=record, platform=platform, now=now)
    return RemoteOrderRecord.objects.get(pk=record.pk)
