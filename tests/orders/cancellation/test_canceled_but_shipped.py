"""Canceled but shipped: the case stays open until staff decide."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from orders.cancellation import canceled_but_shipped, cancellation
from orders.claims import submission as claim_submission
from orders.models import CanceledShipmentDecision, Order, PurchaseOrder
from orders.purchasing import acknowledgements
from orders.purchasing import submission as purchasing_submission
from shipping import status_polling
from storefront.dashboard.inbox import query
from storefront.dashboard.invariants import registry
from storefront.dashboard.invariants.payments import PAYMENTS
from storefront.dashboard.invariants.purchase_orders import PURCHASE_ORDERS
from storefront.lib.http.errors import TemporaryError
from suppliers.connectors.records import Acknowledgement, PurchaseOrderReport
from tests.factories.cancellation import fresh
from tests.factories.claims import make_claim
from tests.factories.orders import make_purchase_orders
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(hours=1)
Outcome = CanceledShipmentDecision.Outcome
FULL = pytest.mark.full


@pytest.fixture
def canceled(monkeypatch):
    """Cancel a purchase order after a failed submission."""
    supplier = connect(monkeypatch, ScriptedSupplier())
    (purchase_order,) = make_purchase_orders()
    supplier.script = [TemporaryError("busy")]
    purchasing_submission.submit(purchase_order=purchase_order, now=NOON)
    cancellation.cancel(order=Order.objects.get(), reason="-", actor="customer", now=NOON)
    return purchase_order


def report(answer, now=LATER):
    state = PurchaseOrderReport(number=fresh().number, supplier_reference="S-1", answer=answer)
    acknowledgements.apply(purchase_order=fresh(), state=state, now=now)


def decide(outcome, reason="confirmed by phone"):
    return canceled_but_shipped.decide(
        purchase_order=fresh(), outcome=outcome, reason=reason, actor="ann", now=LATER
    )


def is_open():
    """Return whether the case is open; the invariant and the inbox must agree."""
    violated = {
        each.invariant.code
        for each in registry.check_some([*PAYMENTS, *PURCHASE_ORDERS], now=LATER)
        if each.count
    }
    causes = {each.cause.code for each in query.load_items(now=LATER)}
    assert "payments.accepted_is_charged" not in violated  # the customer was refunded
    assert ("purchase_orders.canceled_but_shipped_decided" in violated) == bool(
        causes & {"canceled_but_active", "canceled_but_shipped"}
    )
    return "purchase_orders.canceled_but_shipped_decided" in violated


@pytest.mark.parametrize(
    "outcome",
    [
        "returned",
        *(pytest.param(o, marks=FULL) for o in ("kept_paid", "not_charged", "written_off")),
    ],
)
def test_a_canceled_shipment_is_open_until_staff_decide(canceled, outcome):
    report(Acknowledgement.SHIPPED)
    assert is_open()
    assert "canceled_but_shipped" in {each.cause.code for each in query.load_items(now=LATER)}

    kept = decide(Outcome(outcome))

    assert decide(Outcome(outcome)) == kept, "the form was submitted twice"
    assert (kept.decided_by, kept.decided_at, kept.was_shipped) == ("ann", LATER, True)
    assert kept.reason == "confirmed by phone"
    assert not is_open()
    assert fresh().problem == ""


def test_a_shipment_after_the_decision_needs_a_new_one(canceled):
    report(Acknowledgement.ACCEPTED)
    assert status_polling.open_orders().exists()
    decide(Outcome.NOT_SHIPPED)
    assert not is_open()
    assert not status_polling.open_orders().exists()

    report(Acknowledgement.SHIPPED)

    assert is_open()
    decide(Outcome.WRITTEN_OFF)
    assert not is_open()


def test_a_shipment_after_an_accepted_cancellation_is_open_too(canceled):
    PurchaseOrder.objects.update(submission_status="cancellation_accepted")
    assert not is_open()

    report(Acknowledgement.SHIPPED)

    assert is_open()
    decide(Outcome.RETURNED)
    assert not is_open()


def test_a_denied_claim_reopens_the_decision(canceled):
    report(Acknowledgement.SHIPPED)
    with pytest.raises(canceled_but_shipped.CannotDecideError):
        decide(Outcome.CLAIMED)

    claim = make_claim(fresh())
    decide(Outcome.CLAIMED)

    assert claim.expected_amount == 10
    assert not is_open()
    claim_submission.withdraw(claim=claim, reason="refused", actor="ann", now=LATER)
    assert is_open()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Acknowledgement.ACCEPTED, Outcome.WRITTEN_OFF),
        (Acknowledgement.SHIPPED, Outcome.NOT_SHIPPED),
    ],
)
def test_a_decision_must_match_the_shipment(canceled, answer, outcome):
    report(answer)

    with pytest.raises(canceled_but_shipped.CannotDecideError):
        decide(outcome)
    with pytest.raises(IntegrityError), transaction.atomic():
        CanceledShipmentDecision.objects.create(
            purchase_order=canceled,
            outcome=outcome,
            was_shipped=answer is Acknowledgement.SHIPPED,
            reason="-",
            decided_by="ann",
            decided_at=NOON,
        )

    assert is_open()


def test_an_order_that_no_supplier_has_needs_no_decision(canceled):
    with pytest.raises(canceled_but_shipped.CannotDecideError):
        decide(Outcome.NOT_SHIPPED)
