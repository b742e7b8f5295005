"""What staff do about claims against a supplier: on his purchase order's page, and on their own."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from orders.claims import tasks
from orders.models import PurchaseOrder, SupplierClaim
from storefront.dashboard.inbox import query
from storefront.lib.http.errors import TemporaryError
from suppliers.connectors.records import ClaimAnswer
from suppliers.models import Supplier
from suppliers.resilience.bulkheads import LaneFullError
from tests.factories.claims import make_claim, make_shipped, tell, whole_claim
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def supplier(monkeypatch):
    return connect(monkeypatch, ScriptedSupplier())


def page(name, what, row):
    return reverse(f"admin:orders_{name}_{what}", args=[row.pk])


def complain(staff, purchase_order, **changed):
    """Fill in the form as it is shown, and send it."""
    url = page("purchaseorder", "complain", purchase_order)
    form = staff.get(url).context["form"]
    given = {name: form.get_initial_for_field(form.fields[name], name) for name in form.fields}
    given |= {"trouble": "damaged", "remedy": "refund", "message": "The lens is broken."}
    given = {name: value for name, value in given.items() if value is not None}
    return staff.post(url, {**given, **changed}, follow=True), {**given, **changed}


def shown(response):
    return response.content.decode()


def test_staff_complain_and_a_worker_is_woken(staff, supplier, started):
    purchase_order = make_shipped(quantity=2)
    Supplier.objects.update(adapter="cj")

    response, _ = complain(staff, purchase_order, pictures="https://p.example/1.jpg")

    claim = SupplierClaim.objects.get()
    assert (claim.status, claim.opened_by) == ("draft", "staff@fara.example")
    assert [line.quantity for line in claim.lines.all()] == [1]
    assert claim.picture_urls == ["https://p.example/1.jpg"]
    assert started == [("submit_claim", {"claim_id": claim.pk})]
    assert page("supplierclaim", "change", claim) in shown(response)


def test_freight_is_offered_up_to_what_was_paid(staff, supplier, started):
    purchase_order = make_shipped(quantity=2)
    PurchaseOrder.objects.update(freight_amount=3, freight_currency="EUR")

    refused, _ = complain(staff, purchase_order, freight="3.01")
    response, _ = complain(staff, purchase_order, freight="3.00")

    assert "freight" in refused.context["form"].errors
    assert SupplierClaim.objects.get().expected_amount == 13
    assert page("supplierclaim", "change", SupplierClaim.objects.get()) in shown(response)


def test_a_form_that_is_sent_twice_is_one_claim(staff, supplier, started):
    purchase_order = make_shipped(quantity=2)

    _, given = complain(staff, purchase_order)
    staff.post(page("purchaseorder", "complain", purchase_order), given)

    assert SupplierClaim.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"pictures": "file:///etc/passwd"}, "pictures"),
        ({"pictures": "https://p.example/1.jpg " * 11}, "pictures"),
        ({"message": "x" * 501}, "message"),
        ({"trouble": "boredom"}, "trouble"),
    ],
)
def test_what_cannot_be_said_is_told_at_its_field(staff, supplier, changed, field):
    response, _ = complain(staff, make_shipped(), **changed)

    assert list(response.context["form"].errors) == [field]
    assert not SupplierClaim.objects.exists()


def test_more_units_than_are_left_and_none_at_all_are_refused_in_words(staff, supplier):
    purchase_order = make_shipped(quantity=2)
    field = f"units_{purchase_order.lines.get().pk}"

    greedy, _ = complain(staff, purchase_order, **{field: 3})
    empty, _ = complain(staff, purchase_order, **{field: 0})

    assert list(greedy.context["form"].errors) == [field]
    assert "at least one unit" in str(empty.context["form"].non_field_errors())
    assert not SupplierClaim.objects.exists()


def test_nobody_is_offered_to_complain_before_goods_left(staff, supplier):
    purchase_order = make_shipped()
    url = page("purchaseorder", "change", purchase_order)
    assert "Complain to the supplier" in shown(staff.get(url))

    PurchaseOrder.objects.update(status="in_progress")

    assert "Complain to the supplier" not in shown(staff.get(url))


def test_without_an_api_a_person_tells_him_and_writes_his_answer_down(staff, supplier, started):
    """This supplier's connector takes no claims: nothing is sent, and the page says so."""
    purchase_order = make_shipped()
    asked = staff.get(page("purchaseorder", "complain", purchase_order))
    assert "tell him yourself" in shown(asked)
    assert "is_by_hand" not in asked.context["form"].fields

    complain(staff, purchase_order)
    claim = SupplierClaim.objects.get()
    assert started == []
    assert [row.cause.code for row in query.find(now=NOON)] == ["claim_by_hand"]

    staff.post(page("supplierclaim", "tell_by_hand", claim), {"reference": "RMA 7"})
    assert whole_claim(claim).status == "requested"
    staff.post(
        page("supplierclaim", "record_answer", claim),
        {"answer": "credited", "amount": "25.00", "reason": "He wrote on Monday"},
    )

    settled = whole_claim(claim)
    assert (settled.status, settled.supplier_claim) == ("credited", "RMA 7")
    assert (settled.credited_amount, settled.recorded_by) == (
        Decimal("25.00"),
        "staff@fara.example",
    )
    assert "€25.00" in shown(staff.get(page("supplierclaim", "change", claim)))


def test_an_amount_with_a_refusal_is_said_on_the_same_page(staff, supplier):
    claim = tell(make_claim())

    response = staff.post(
        page("supplierclaim", "record_answer", claim),
        {"answer": "denied", "amount": "5.00", "reason": "x"},
    )

    assert "belongs to money" in str(response.context["form"].non_field_errors())
    assert whole_claim(claim).status == "requested"


def do(started):
    """Do what the page started, as a worker does."""
    for name, known in started:
        getattr(tasks, name)(**known)
    started.clear()


def test_staff_look_a_claim_up_and_see_his_money(staff, supplier, started):
    claim = tell(make_claim())
    supplier.decide(claim.number, ClaimAnswer.REFUNDED, "7.00")
    supplier.calls.clear()

    asked = staff.post(page("supplierclaim", "look_up", claim), follow=True)
    assert "his answer appears on this page" in shown(asked)
    assert supplier.calls == []  # not while the page waits
    do(started)

    assert "€7.00" in shown(staff.get(reverse("admin:orders_supplierclaim_changelist")))
    assert whole_claim(claim).credited_amount == Decimal("7.00")


def test_why_he_does_not_tell_stands_on_the_page(staff, supplier, started):
    claim = tell(make_claim())
    supplier.script = [TemporaryError("he is being repaired")]

    staff.post(page("supplierclaim", "look_up", claim))
    do(started)

    assert "he is being repaired" in shown(staff.get(page("supplierclaim", "change", claim)))


@pytest.mark.parametrize("status", ["submitting", "submit_unknown"])
def test_a_call_that_may_be_under_way_is_not_looked_up_and_the_page_says_so(
    staff, supplier, started, status
):
    claim = make_claim(now=timezone.now())
    claim.move("submitting", at=timezone.now(), attempts=1)
    if status != "submitting":
        claim.move(status, at=timezone.now())

    refused = staff.post(page("supplierclaim", "look_up", claim))

    assert "under way" in str(refused.context["form"].non_field_errors())
    assert (started, supplier.calls) == ([], [])


def test_a_click_that_finds_no_lane_comes_back(staff, supplier, started, monkeypatch):
    claim = tell(make_claim())
    back = []

    def full(_work, _supplier_id):
        raise LaneFullError

    monkeypatch.setattr(tasks, "lane", full)
    for task in (tasks.look_up, tasks.take_back):
        monkeypatch.setattr(task, "apply_async", lambda kwargs, **_: back.append(kwargs))

    staff.post(page("supplierclaim", "look_up", claim))
    staff.post(page("supplierclaim", "take_back", claim), {"reason": "It was found"})
    known = [each for _name, each in started]
    do(started)

    assert back == known


def test_staff_take_a_claim_back_and_say_why(staff, supplier, started):
    claim = tell(make_claim())
    supplier.calls.clear()

    staff.post(page("supplierclaim", "take_back", claim), {"reason": "It was found"})
    assert supplier.calls == []  # not while the page waits
    do(started)

    assert whole_claim(claim).status == "canceled"
    assert ("cancel_claim", "S-1") in supplier.calls
    assert "It was found" in shown(staff.get(page("supplierclaim", "change", claim)))


def test_staff_have_a_refused_claim_told_again(staff, supplier, started):
    claim = make_claim()
    claim.move("submitting", at=NOON, attempts=1)
    claim.move("on_hold", at=NOON, problem="He has no such reason.")
    url = page("supplierclaim", "tell_again", claim)

    assert "He has no such reason." in shown(staff.get(url))
    staff.post(url)

    assert whole_claim(claim).status == "draft"
    assert started == [("submit_claim", {"claim_id": claim.pk})]


def test_only_what_fits_a_claim_is_offered(staff, supplier, started):
    claim = tell(make_claim())
    url = page("supplierclaim", "change", claim)
    offered = {
        "Tell him again",
        "Look it up",
        "I told him",
        "Write his answer down",
        "Take it back",
    }

    assert {one for one in offered if one in shown(staff.get(url))} == {
        "Look it up",
        "Write his answer down",
        "Take it back",
    }
    supplier.decide(claim.number, ClaimAnswer.REFUSED)
    staff.post(page("supplierclaim", "look_up", claim))
    do(started)
    assert not {one for one in offered if one in shown(staff.get(url))}
