"""Return admin: staff actions on the order, the return and the supplier return."""

from decimal import Decimal

import pytest
from django.urls import reverse

from notifications.models import Event
from orders.models import ReturnAuthorization, ReturnPolicy, SupplierReturn
from shipping.rates import quotes
from tests.factories.orders import make_sellable
from tests.factories.returns import (
    bring_back,
    counters,
    declare,
    make_delivered,
    make_policy,
    make_sibling,
)
from tests.factories.shipping import make_service

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def page(name, what, row):
    return reverse(f"admin:orders_{name}_{what}", args=[row.pk])


def act(staff, name, what, row, **changed):
    """Submit the form with its initial values and these changes."""
    url = page(name, what, row)
    form = staff.get(url).context["form"]
    given = {each: form.get_initial_for_field(form.fields[each], each) for each in form.fields}
    given = {each: value for each, value in given.items() if value is not None}
    return staff.post(url, {**given, **changed}, follow=True)


def shown(response):
    return response.content.decode()


def delivered(quantity=2):
    return make_delivered(quantity=quantity)


def asked(order, **said):
    return declare(order, 1, kind="defect", customer_message="Dead.", **said)


def test_staff_process_a_return_from_request_to_refund(staff, started):
    order = delivered()
    make_policy(accepts_returns=True)
    made = asked(order)
    (line,) = made.lines.all()

    act(staff, "returnauthorization", "request_evidence", made, answer="Which cell?")
    act(staff, "returnauthorization", "approve", made, answer="")
    act(staff, "returnauthorization", "label", made, label="https://l.example/1")
    act(staff, "returnauthorization", "receive", made)
    act(
        staff, "returnauthorization", "inspect", made,
        **{f"units_{line.pk}": 1, f"state_{line.pk}": "damaged"},
    )  # fmt: skip
    asks = shown(staff.get(page("returnauthorization", "refund", made)))
    act(staff, "returnauthorization", "refund", made)

    made.refresh_from_db()
    assert "€39.99" in asks
    assert (made.status, made.refund_amount) == ("refunded", Decimal("39.99"))
    assert counters(order) == [(1, 1)]
    assert ("execute_requests", {}) in started
    events = Event.objects.filter(name__startswith="return.").order_by("pk")
    assert list(events.values_list("name", flat=True)) == [
        "return.declared",
        "return.asked",
        "return.approved",
        "return.labeled",
    ]


def test_staff_send_items_to_the_supplier_and_record_its_credit(staff, started):
    make_policy(accepts_returns=True)
    made = declare(delivered(), 1)
    act(staff, "returnauthorization", "receive", made)
    (line,) = made.lines.all()
    judged = {f"state_{line.pk}": "as_new"}
    act(staff, "returnauthorization", "inspect", made, **judged)

    act(staff, "returnauthorization", "send_to_supplier", made)
    supplier_return = SupplierReturn.objects.get()
    above = shown(staff.get(reverse("admin:orders_supplierreturn_changelist")))
    for to in ("requested", "authorized", "shipped"):
        given = {"to": to, "reason": "by phone", "reference": "RMA-7"}
        act(staff, "supplierreturn", "step", supplier_return, **given)
    act(staff, "supplierreturn", "credit", supplier_return, amount="9.50", reason="wired")

    supplier_return.refresh_from_db()
    assert "Suppliers owe us €10.00" in above
    assert (supplier_return.status, supplier_return.rma_number) == ("credited", "RMA-7")
    assert supplier_return.credited_amount == Decimal("9.50")


def test_staff_open_a_return_for_a_customer(staff, started):
    order = delivered()
    (line,) = order.lines.all()
    given = {f"units_{line.pk}": 2, "kind": "withdrawal", "customer_message": "Too heavy."}

    done = act(staff, "order", "open_return", order, **given)

    made = ReturnAuthorization.objects.get()
    assert (made.status, made.opened_by) == ("approved", "staff@fara.example")
    assert made.number in shown(done)
    assert "Create return: All shipped items are in a return." in shown(done)


def test_staff_replace_a_defective_item(staff, started):
    order = delivered()
    made = asked(order)
    act(staff, "returnauthorization", "approve", made, answer="")
    act(staff, "returnauthorization", "receive", made)
    (line,) = made.lines.all()
    judged = {f"state_{line.pk}": "damaged"}
    act(staff, "returnauthorization", "inspect", made, **judged)

    done = act(staff, "returnauthorization", "exchange", made)

    made.refresh_from_db()
    assert made.status == "exchanged"
    assert f"Replacement created: {made.replacement}" in shown(done)
    assert ("create_purchase_orders", {"order_id": made.replacement_id}) in started


def test_staff_refund_without_a_return(staff, started):
    made = asked(delivered())

    act(staff, "returnauthorization", "refund_without_return", made)

    made.refresh_from_db()
    assert (made.status, made.destination) == ("refunded", "nowhere")


def test_a_refused_action_shows_its_message_and_changes_nothing(staff, started):
    make_policy()
    made = declare(delivered(), 1)

    answer = staff.post(page("returnauthorization", "refund", made), {})

    assert "has not shipped the items yet" in shown(answer)
    made.refresh_from_db()
    assert made.status == "approved"


def test_an_answer_to_the_customer_is_required(staff):
    made = asked(delivered())

    for what in ("reject", "request_evidence", "refuse"):
        answer = staff.post(page("returnauthorization", what, made), {"answer": ""})
        assert list(answer.context["form"].errors) == ["answer"]

    made.refresh_from_db()
    assert made.status == "requested"


def test_an_invalid_policy_has_form_errors(staff):
    add = reverse("admin:orders_returnpolicy_add")
    given = {
        "supplier": "", "destination": "us", "address": "", "returnless_below_amount": "5",
        "label_payer": "us", "return_window_days": "30", "restocking_fee_percent": "0",
    }  # fmt: skip

    homeless = staff.post(add, {**given, "destination": "supplier"})
    first = staff.post(add, given)
    second = staff.post(add, given)

    assert "address" in homeless.context["adminform"].form.errors
    assert first.status_code == 302
    assert "policy for all other suppliers already exists" in shown(second)
    assert ReturnPolicy.objects.count() == 1


def test_a_refused_parcel_is_sent_to_the_supplier_without_a_return(staff, started):
    made = delivered(quantity=2).purchase_orders.get()
    (line,) = made.lines.all()

    none = act(staff, "purchaseorder", "open_supplier_return", made, **{f"units_{line.pk}": 0})
    assert not SupplierReturn.objects.exists()
    act(staff, "purchaseorder", "open_supplier_return", made, **{f"units_{line.pk}": 2})

    assert none.status_code == 200
    supplier_return = SupplierReturn.objects.get()
    assert (supplier_return.authorization, supplier_return.lines.get().quantity) == (None, 2)
    assert "open_supplier_return" in shown(staff.get(page("purchaseorder", "change", made)))


def test_staff_record_what_a_customer_reports(staff, started):
    made = asked(delivered())
    act(staff, "returnauthorization", "request_evidence", made, answer="Which cell?")
    act(staff, "returnauthorization", "record_answer", made, customer_message="Yours.")
    act(staff, "returnauthorization", "approve", made, answer="")
    kept = declare(made.order, 1)
    act(
        staff, "returnauthorization", "record_shipment", made, carrier="DHL", tracking_number="JJD1"
    )
    act(staff, "returnauthorization", "cancel_return", kept)

    made.refresh_from_db()
    kept.refresh_from_db()
    assert (made.status, made.tracking_number) == ("in_transit", "JJD1")
    assert made.customer_message == "Dead.\nYours."
    assert kept.status == "canceled"


def test_staff_exchange_and_refund_the_difference(staff, started):
    light = make_sellable(price="39.99", quantity=9)
    order = make_delivered(light, quantity=1)
    other = make_sibling(light, "35.00")
    make_service(other.level.location, countries=["DE"])
    quotes.clear_cache()
    made = declare(order, 1, kind="defect", customer_message="Dead.")
    bring_back(made)
    (line,) = order.lines.all()
    asks = shown(staff.get(page("returnauthorization", "exchange", made)))

    act(staff, "returnauthorization", "record_exchange_choice", made,
        **{f"instead_{line.pk}": other.variant.pk})  # fmt: skip
    act(staff, "returnauthorization", "exchange", made,
        **{f"instead_{line.pk}": other.variant.pk})  # fmt: skip

    made.refresh_from_db()
    assert "35.00" in asks
    assert made.lines.get().wanted == other.variant
    assert (made.status, made.difference_amount) == ("exchanged", Decimal("4.99"))
    assert made.replacement.lines.get().variant == other.variant
    assert ("execute_requests", {}) in started
    quotes.clear_cache()
