"""E-mails to suppliers, and to staff about suppliers: trigger each by the shop's own code."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.utils import translation

from orders.address_changes import change_requests
from orders.address_changes import tasks as address_tasks
from orders.purchasing import submission
from storefront.accounts.models import User
from suppliers.compliance import vetting
from suppliers.models import Connection, Requirement
from suppliers.portal_links import links
from tests.factories.catalog import make_channel
from tests.factories.compliance import make_verified
from tests.factories.orders import HOME, ask_to_stop, make_purchase_orders
from tests.factories.suppliers import NOON, make_offer, make_supplier
from tests.suppliers.compliance.test_vetting import plain_goods
from tests.support.emails import problems_of

pytestmark = pytest.mark.django_db
ENDS = date(2026, 12, 20)
THERE = replace(HOME, line1="Neue Straße 2", postcode="20095", city="Hamburg")


@pytest.fixture(autouse=True)
def shop(monkeypatch, settings):
    """A shop whose staff review evidence and whose supplier takes orders by e-mail."""
    monkeypatch.setattr(submission, "evaluate_purchase_order", lambda **_: [])
    settings.CERTIFICATES_FOR_EU = [Requirement.CE]
    make_channel(countries=["DE"])
    User.objects.create_superuser("boss@fara.example", "a password")
    Connection.objects.filter(supplier=make_supplier(adapter="feed")).update(
        options={"orders_by": "email", "orders_to": "orders@lumen.example"}
    )


def ordered():
    (purchase_order,) = make_purchase_orders(quantity=2)
    return submission.submit(purchase_order=purchase_order, now=NOON)


def linked():
    """Create the link to all orders, and e-mail it."""
    links.create_link(
        supplier=make_supplier(),
        former_id=None,
        email="orders@lumen.example",
        actor="ann",
        now=NOON,
    )


def ordered_with_link():
    linked()
    ordered()


def asked_to_stop_with_link():
    linked()
    asked_to_stop()


def asked_to_stop():
    ask_to_stop(ordered().order)


def asked_to_send_elsewhere():
    order = ordered().order
    change_requests.request_change(
        order=order, ship_to=THERE, reason="moved", actor="ann", now=NOON
    )
    address_tasks.send_supplier_notices()


def evidence_ends(**known):
    make_verified(valid_until=ENDS, **known)
    vetting.watch_expiry(now=NOON)


def evidence_ends_and_says_who_issued_it():
    evidence_ends(issuer="TÜV <Süd>", reference="R-1")


def withheld(offers=1):
    """Let a compliance document expire while the thread's language is Azerbaijani."""
    make_verified(valid_until=ENDS)
    for _ in range(offers):
        make_offer(plain_goods())
    with translation.override("az"):
        vetting.watch_expiry(now=NOON + timedelta(days=27))


def withheld_several():
    withheld(offers=2)


CASES = [
    (
        "purchase_order.mailed",
        ordered,
        [
            "You have a new order.",
            "2 ×",
            "Fara H1 headlamp, Black",
            "Shipping service",
            "Standard",
            "10115 Berlin",
            "Germany",
            "+49301234567",
            "Open the order page",
        ],
    ),
    (
        "purchase_order.supplier_cancellation_request",
        asked_to_stop,
        ["Please stop this order if nothing has shipped yet."],
    ),
    (
        "purchase_order.supplier_address_change_request",
        asked_to_send_elsewhere,
        ["The customer asks for a different delivery address.", "20095 Hamburg"],
    ),
    ("purchase_order.mailed", ordered_with_link, ["All your orders"]),
    (
        "purchase_order.supplier_cancellation_request",
        asked_to_stop_with_link,
        ["All your orders"],
    ),
    (
        "supplier.portal_link_created",
        linked,
        [
            "The page with all orders for Lumen is ready.",
            "Open your orders",
            "The link works for 365 days. A former link no longer works.",
        ],
    ),
    (
        "compliance_document.expires",
        evidence_ends,
        ["A document expires soon.", "CE declaration", "20 December"],
    ),
    ("compliance_document.expires", evidence_ends_and_says_who_issued_it, ["TÜV <Süd>", "R-1"]),
    ("offers.withheld", withheld, ["A document is missing.", "CE declaration"]),
    ("offers.withheld", withheld_several, ["Offers off sale"]),
]


@pytest.mark.parametrize(("name", "cause", "sentences"), CASES)
def test_supplier_email(name, cause, sentences):
    cause()

    assert problems_of(name, sentences) == []
