"""Settling fixtures: held purchase orders with a known loss, and a rule that waives them."""

from decimal import Decimal

import pytest

from orders.models import PurchaseOrder
from storefront.dashboard.inbox.history import recording
from storefront.dashboard.inbox.settling import running
from storefront.dashboard.models import SettlingRule
from tests.factories.inbox_items import AGO
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.suppliers import NOON

HELD = "purchase_order_on_hold"


def loss(amount, currency="EUR", **changes):
    reason = {"code": "margin", "sentence": f"Loss of {amount}.", "subject": ""}
    return {**reason, "amount": amount, "currency": currency, **changes}


def hold(*reasons):
    (row,) = make_purchase_orders(make_sellable())
    PurchaseOrder.objects.filter(pk=row.pk).update(
        status="on_hold",
        status_since=AGO,
        hold_reasons=list(reasons),
        submission_status="unsubmitted",
    )
    return row


def make_rule(**changes):
    known = {
        "name": "small losses",
        "cause": HELD,
        "action": "waive",
        "max_amount": Decimal(2),
        "max_daily_amount": Decimal(5),
        "currency": "EUR",
        "is_on": True,
    }
    return SettlingRule.objects.create(**known | changes)


@pytest.fixture
def rule(db, started):
    return make_rule()


def run(now=NOON):
    recording.record(now=now)
    return running.run_all(now=now)


def held():
    return set(PurchaseOrder.objects.filter(status="on_hold").values_list("pk", flat=True))
