"""Claim admin: open claims from a purchase order, process them on their own page."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from orders.claims import tasks
from orders.models import PurchaseOrder, SupplierClaim
from storefront.dashboard.inbox import query
from storefront.lib.http.errors import TemporaryError
from suppliers.connectors.records import ClaimStatus
from suppliers.models import Supplier
from suppliers.resilience.bulkheads import BulkheadFullError
from tests.factories.claims import make_claim, make_shipped, submit_claim, whole_claim
from tests.factories.suppliers import NOON
from tests.support.admin_forms import row_page

pytestmark = pytest.mark.django_db


def open_claim(staff, purchase_order, **changed):
    """Submit the claim form as the page shows it."""
    url = row_page(purchase_order, "open_claim")
    form = staff.get(url).context["form"]
    given = {name: form.get_initial_for_field(form.fields[name], name) for name in form.fields}
    given |= {"claim_reason": "damaged", "remedy": "refund", "message": "The lens is broken."}
    given = {name: value for name, value in given.items() if value is not None}
    return staff.post(url, {**given, **changed}, follow=True), {**given, **changed}


def shown(response):
    return response.content.decode()


def test_opening_a_claim_starts_its_submission(staff, supplier, started):
    purchase_order = make_shipped(quantity=2)
    Supplier.objects.update(adapter="cj")
    PurchaseOrder.objects.update(freight_amount=3, freight_currency="EUR")

    refused, _ = open_claim(staff, purchase_order, freight="3.01")
    response, given = open_claim(
        staff, purchase_order, pictures="https://p.example/1.jpg", freight="3.00"
    )

    claim = SupplierClaim.objects.get()
    assert (claim.status, claim.opened_by) == ("draft", "staff@fara.example")
    assert list(refused.context["form"].errors) == ["freight"]
    assert [line.quantity for line in claim.lines.all()] == [1]
    assert claim.expected_amount == 10 + 3
    assert claim.picture_urls == ["https://p.example/1.jpg"]
    assert started == [("submit_claim", {"claim_id": claim.pk})]
    assert row_page(claim) in shown(response)
    staff.post(row_page(purchase_order, "open_claim"), given)
    assert SupplierClaim.objects.get() == claim, "the form was submitted twice"


def test_an_invalid_value_is_reported_at_its_field(staff, supplier):
    purchase_order = make_shipped(quantity=2)
    units = f"units_{purchase_order.lines.get().pk}"

    for field, value in (
        ("pictures", "file:///etc/passwd"),
        ("pictures", "https://p.example/1.jpg " * 11),
        ("message", "x" * 501),
        ("claim_reason", "boredom"),
        (units, 3),
    ):
        response, _ = open_claim(staff, purchase_order, **{field: value})
        assert list(response.context["form"].errors) == [field]
    empty, _ = open_claim(staff, purchase_order, **{units: 0})

    assert "at least one unit" in str(empty.context["form"].non_field_errors())
    assert not SupplierClaim.objects.exists()


def test_a_claim_is_not_offered_before_shipment(staff, supplier):
    purchase_order = make_shipped()
    url = row_page(purchase_order)
    assert "Open supplier claim" in shown(staff.get(url))

    PurchaseOrder.objects.update(status="in_progress")

    assert "Open supplier claim" not in shown(staff.get(url))


def test_without_an_api_staff_submit_and_record_the_answer(staff, supplier, started):
    """The connector has no claims capability: nothing is sent, and the page says so."""
    purchase_order = make_shipped()
    asked = staff.get(row_page(purchase_order, "open_claim"))
    assert "Contact the supplier yourself" in shown(asked)
    assert "is_manual" not in asked.context["form"].fields

    open_claim(staff, purchase_order)
    claim = SupplierClaim.objects.get()
    assert started == []
    assert [row.cause.code for row in query.load_items(now=NOON)] == ["claim_to_submit"]

    staff.post(row_page(claim, "mark_submitted_by_staff"), {"reference": "RMA 7"})
    assert whole_claim(claim).status == "requested"
    staff.post(
        row_page(claim, "record_answer"),
        {"answer": "credited", "amount": "25.00", "reason": "E-mail of Monday"},
    )

    settled = whole_claim(claim)
    assert (settled.status, settled.supplier_claim_reference) == ("credited", "RMA 7")
    assert (settled.credited_amount, settled.recorded_by) == (
        Decimal("25.00"),
        "staff@fara.example",
    )
    assert "€25.00" in shown(staff.get(row_page(claim)))


def test_a_draft_for_staff_can_be_sent_by_the_suppliers_api(staff, supplier, started):
    claim = make_claim(is_manual=True)
    url = row_page(claim, "send_now")
    assert url not in shown(staff.get(row_page(claim))), "it has no API"
    Supplier.objects.update(adapter="cj")

    assert url in shown(staff.get(row_page(claim)))
    for _ in range(2):
        answer = staff.post(url, follow=True)

    assert whole_claim(claim).is_manual is False
    assert "already" in shown(answer)
    assert started == [("submit_claim", {"claim_id": claim.pk})]


def test_an_amount_with_a_denial_is_an_error_on_the_page(staff, supplier):
    claim = submit_claim(make_claim())

    response = staff.post(
        row_page(claim, "record_answer"),
        {"answer": "denied", "amount": "5.00", "reason": "x"},
    )

    assert "Enter an amount only if" in str(response.context["form"].non_field_errors())
    assert whole_claim(claim).status == "requested"


def run_started_tasks(started):
    """Run the tasks that the page started, as a worker does."""
    for name, known in started:
        getattr(tasks, name)(**known)
    started.clear()


def test_a_lookup_shows_its_error_or_the_credit(staff, supplier, started):
    claim = submit_claim(make_claim())
    supplier.decide(claim.number, ClaimStatus.REFUNDED, "7.00")
    supplier.script = [TemporaryError("under maintenance")]
    supplier.calls.clear()

    asked = staff.post(row_page(claim, "look_up"), follow=True)
    assert "response will appear on this page" in shown(asked)
    assert supplier.calls == []  # not while the page waits
    run_started_tasks(started)
    assert "under maintenance" in shown(staff.get(row_page(claim)))
    staff.post(row_page(claim, "look_up"))
    run_started_tasks(started)

    assert "€7.00" in shown(staff.get(reverse("admin:orders_supplierclaim_changelist")))
    assert whole_claim(claim).credited_amount == Decimal("7.00")


@pytest.mark.parametrize("status", ["submitting", "submit_unknown"])
def test_a_call_that_may_be_in_flight_is_not_looked_up(staff, supplier, started, status):
    claim = make_claim(now=timezone.now())
    claim.move("submitting", at=timezone.now(), attempts=1)
    if status != "submitting":
        claim.move(status, at=timezone.now())

    refused = staff.post(row_page(claim, "look_up"))

    assert "may still be running" in str(refused.context["form"].non_field_errors())
    assert (started, supplier.calls) == ([], [])


def test_a_task_without_a_free_bulkhead_slot_is_retried(staff, supplier, started, monkeypatch):
    claim = submit_claim(make_claim())
    back = []

    def full(_work, _supplier_id):
        raise BulkheadFullError

    monkeypatch.setattr(tasks, "bulkhead", full)
    for task in (tasks.look_up, tasks.withdraw_claim):
        monkeypatch.setattr(task, "apply_async", lambda kwargs, **_: back.append(kwargs))

    staff.post(row_page(claim, "look_up"))
    staff.post(row_page(claim, "withdraw"), {"reason": "It was found"})
    known = [each for _name, each in started]
    run_started_tasks(started)

    assert back == known


def test_withdrawing_a_claim_needs_a_reason(staff, supplier, started):
    claim = submit_claim(make_claim())
    supplier.calls.clear()

    staff.post(row_page(claim, "withdraw"), {"reason": "It was found"})
    assert supplier.calls == []  # not while the page waits
    run_started_tasks(started)

    assert whole_claim(claim).status == "canceled"
    assert ("cancel_claim", "S-1") in supplier.calls
    assert "It was found" in shown(staff.get(row_page(claim)))


def test_a_claim_on_hold_can_be_resubmitted(staff, supplier, started):
    claim = make_claim()
    claim.move("submitting", at=NOON, attempts=1)
    claim.move("on_hold", at=NOON, problem="Unknown reason.")
    url = row_page(claim, "resubmit")

    assert "Unknown reason." in shown(staff.get(url))
    staff.post(url)

    assert whole_claim(claim).status == "draft"
    assert started == [("submit_claim", {"claim_id": claim.pk})]


def test_only_actions_that_fit_the_status_are_offered(staff, supplier, started):
    claim = submit_claim(make_claim())
    url = row_page(claim)
    offered = {
        "Resend claim",
        "Check status with supplier",
        "Mark as sent",
        "Record response",
        "Withdraw claim",
    }

    assert {one for one in offered if one in shown(staff.get(url))} == {
        "Check status with supplier",
        "Record response",
        "Withdraw claim",
    }
    supplier.decide(claim.number, ClaimStatus.REFUSED)
    staff.post(row_page(claim, "look_up"))
    run_started_tasks(started)
    assert not {one for one in offered if one in shown(staff.get(url))}
