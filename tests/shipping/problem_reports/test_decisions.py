"""Report decisions: refund, replacement or rejection, once, with an answer to the customer."""

from decimal import Decimal

import pytest

from notifications.models import Event
from orders.models import Order, Payment, PaymentEvent, ReturnAuthorization, SupplierClaim
from orders.returns.eligibility import CannotReturnError
from shipping.models import ProblemReport
from shipping.problem_reports import decisions, reports
from shipping.shipments import outcomes
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from tests.factories.parcels import make_parcel_in, state_of, violated_parcel_invariants
from tests.factories.problem_reports import decide, report_problem, whole_report
from tests.factories.returns import requested_refunds
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival, all_at_once

REFUSALS = (
    decisions.CannotDecideError,
    CannotReturnError,
    outcomes.CannotResolveError,
    InvalidTransitionError,
    ConcurrentUpdateError,
)
KINDS = {
    "never_arrived": "not_received",
    "missing_items": "not_received",
    "damaged": "damaged",
    "wrong_item": "wrong_item",
}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("act", ["refund", "replace"])
def test_each_kind_is_refunded_or_replaced_once(kind, act):
    made = report_problem(kind=kind, units=2)
    order = Order.objects.get()

    settlement = decide(made, act)
    again = decide(made, act)
    other = "replace" if act == "refund" else "refund"
    with pytest.raises(decisions.CannotDecideError):
        decide(made, other)

    assert again == settlement == made.settlement == ReturnAuthorization.objects.get()
    assert (settlement.kind, settlement.destination) == (KINDS[kind], "nowhere")
    assert requested_refunds() == ([order.total_amount] if act == "refund" else [])
    assert Order.objects.count() == (1 if act == "refund" else 2)
    assert made.status == ("refunded" if act == "refund" else "replaced")
    assert state_of(made.parcel) == (
        f"lost {made.status}" if kind == "never_arrived" else "delivered"
    )
    assert violated_parcel_invariants() == []
    assert Event.objects.filter(name="problem.answered").count() == 1
    assert not Event.objects.filter(name__in=["parcel.lost", "return.exchanged"]).exists()


@pytest.mark.django_db
def test_a_refund_of_some_units_leaves_the_others_returnable():
    made = report_problem(kind="missing_items", units=1)

    decide(made, "refund")

    assert requested_refunds() == [Decimal("39.99")]
    (line,) = Order.objects.get().lines.all()
    assert (line.quantity, line.returning_quantity, line.returned_quantity) == (2, 1, 1)


@pytest.mark.django_db
def test_a_rejection_tells_the_reason_and_withdraws_the_claim_draft():
    made = report_problem()

    decide(made, "reject", text="The neighbor has it.")
    with pytest.raises(decisions.CannotDecideError):
        decide(made, "reject")

    (event,) = Event.objects.filter(name="problem.answered")
    assert (event.payload["what"], event.payload["answer"]) == ("rejected", "The neighbor has it.")
    assert SupplierClaim.objects.get().status == "canceled"
    assert state_of(made.parcel) == "delivered"


@pytest.mark.django_db
def test_nothing_is_refunded_after_a_chargeback_or_without_contents():
    made = report_problem()
    Payment.objects.update(dispute_status="charged_back")
    with pytest.raises(CannotReturnError, match="chargeback"):
        decide(made, "refund")

    Payment.objects.update(dispute_status="none")
    made.parcel.lines.all().delete()
    with pytest.raises(CannotReturnError, match="no contents"):
        decide(made, "refund")

    assert (state_of(made.parcel), requested_refunds()) == ("delivered", [])
    made.refresh_from_db()
    assert made.status == "open"


# Races


def acting(name, report):
    row = whole_report(report)
    return lambda: getattr(decisions, name)(report=row, answer="", actor="ann", now=NOON)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["never_arrived", "damaged"])
def test_of_concurrent_decisions_one_applies(kind):
    made = report_problem(kind=kind, units=2)
    row = whole_report(made)
    acts = [acting(name, made) for name in ["refund"] * 3 + ["replace"] * 3 + ["reject"]]
    acts.append(lambda: reports.withdraw(report=row, now=NOON))

    all_at_once(acts, REFUSALS)

    made.refresh_from_db()
    refunds = PaymentEvent.objects.filter(kind="refund_requested").count()
    replacements = Order.objects.count() - 1
    expected = {"refunded": (1, 0), "replaced": (0, 1)}.get(made.status, (0, 0))
    assert (refunds, replacements) == expected
    assert ReturnAuthorization.objects.count() == refunds + replacements
    assert violated_parcel_invariants() == []


@pytest.mark.django_db(transaction=True)
def test_a_second_decision_waits_for_the_first(monkeypatch):
    """Without the lock, both would find the report open."""
    made = report_problem(kind="damaged")
    rival = Rival(acting("replace", made))
    rival.begin_at(monkeypatch, decisions.requests, "open_without_receipt")

    acting("refund", made)()
    rival.finish()

    assert isinstance(rival.failure, decisions.CannotDecideError)
    assert Order.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_forms_at_once_are_one_report(monkeypatch):
    """Without the lock, the second form would break a constraint."""
    parcel = make_parcel_in("delivered")
    rival = Rival(lambda: report_problem(parcel, "damaged"))
    rival.begin_at(monkeypatch, reports.eligibility, "find_possibilities")

    made = report_problem(parcel, "damaged")

    assert rival.finish() == made == ProblemReport.objects.get()
