import re
from datetime import timedelta

import pytest

from notifications.models import Event
from orders.models import ReturnAuthorization
from orders.returns import authorizations
from tests.factories.catalog import NOON
from tests.factories.orders import make_paid_order
from tests.factories.returns import (
    bring_back,
    counters,
    declare,
    make_delivered,
    make_shipped_order,
    make_sibling,
)
from tests.storefront.web.page_parser import Page, in_each_language, page_of

pytestmark = pytest.mark.django_db


def units(order, *how_many):
    lines = order.lines.order_by("pk").values_list("pk", flat=True)
    return {f"units_{line}": many for line, many in zip(lines, how_many, strict=True)}


def hidden(response):
    """Return the values that the confirmation page submits."""
    found = re.findall(
        r'<input type="hidden" name="(\w+)" value="([^"]*)">', response.content.decode()
    )
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


@pytest.fixture
def withdrawn(customer, order):
    """Withdraw page by page as a customer does; return the last answer."""
    asked = customer.post(page_of(order, "return/"), {"kind": "withdrawal", **units(order, 1)})
    return customer.post(page_of(order, "return/"), hidden(asked), follow=True)


@in_each_language
def test_each_page_is_valid(customer, order, language):
    there = page_of(order, "return/").replace("/en/", f"/{language}/")
    given = {"kind": "withdrawal", **units(order, 1)}
    declare(order, 1, kind="defect", customer_message="Dead.")
    pages = [customer.get(there), customer.post(there, {}), customer.post(there, given)]
    pages.append(customer.get(page_of(order).replace("/en/", f"/{language}/")))

    for page in map(Page, pages):
        assert page.faults == []
        assert page.unlabeled() == []


def test_first_page_stores_nothing_and_the_second_shows_a_summary(customer, order):
    text = customer.get(page_of(order)).content.decode()
    asked = customer.post(
        page_of(order, "return/"),
        {"kind": "withdrawal", "customer_message": "Too <bright>", **units(order, 2)},
    )

    assert page_of(order, "return/") in text
    shown = asked.content.decode()
    assert asked.status_code == 200
    assert "2 × Trail 400" in shown
    assert "Too &lt;bright&gt;" in shown
    assert "Confirm withdrawal" in shown
    assert "within 14 days" in shown
    assert not ReturnAuthorization.objects.exists()


def test_confirmed_withdrawal_is_mailed_and_shown(order, withdrawn):
    made = ReturnAuthorization.objects.get()

    assert (made.status, made.opened_by) == ("approved", "customer")
    assert counters(order) == [(1, 0)]
    shown = withdrawn.content.decode()
    assert "A confirmation with date and time" in shown
    assert made.number in shown
    assert "Send it to: Fara, Lampenweg 1, 10115 Berlin" in shown
    assert "8 Dec" in shown
    assert Event.objects.filter(name="return.declared").count() == 1


def test_double_click_is_one_withdrawal(customer, order):
    there = page_of(order, "return/")
    sent = hidden(customer.post(there, {"kind": "withdrawal", **units(order, 2)}))

    answers = [customer.post(there, sent) for _ in range(2)]

    assert [each.status_code for each in answers] == [303, 303]
    assert counters(order) == [(2, 0)]
    assert Event.objects.filter(name="return.declared").count() == 1


@pytest.mark.parametrize("many", ["0", "-1", "3", str(2**31), str(2**70), "x", "1.5"])
def test_refused_return_shows_a_message_and_stores_nothing(customer, order, many):
    given = {"kind": "withdrawal", "confirm": "1", "key": "k", **units(order, many)}

    answer = customer.post(page_of(order, "return/"), given)

    assert answer.status_code == 422
    assert Page(answer).faults == []
    assert counters(order) == [(0, 0)]


def test_lines_of_other_orders_and_unknown_kinds_are_refused(customer, order, light):
    other = make_delivered(light, quantity=1)
    there = page_of(order, "return/")

    answers = [
        customer.post(there, {"kind": "withdrawal", "confirm": "1", "key": "k", **units(other, 1)}),
        customer.post(there, {"kind": "theft", "confirm": "1", "key": "k", **units(order, 1)}),
        customer.post(there, {"confirm": "1", "key": "k" * 41, **units(order, 1)}),
    ]

    assert [each.status_code for each in answers] == [422, 422, 422]
    assert not ReturnAuthorization.objects.exists()


def test_complaint_needs_a_text_and_waits_for_staff(customer, order):
    there, given = page_of(order, "return/"), {"kind": "defect", **units(order, 1)}

    mute = customer.post(there, given)
    asked = customer.post(there, {**given, "customer_message": "It flickers."})
    customer.post(there, hidden(asked))

    assert mute.status_code == 422
    made = ReturnAuthorization.objects.get()
    assert (made.status, made.customer_message) == ("requested", "It flickers.")


def test_after_fourteen_days_only_complaints_are_possible(customer, order, noon):
    noon.shift(timedelta(days=15))

    page = customer.get(page_of(order, "return/")).content.decode()
    late = customer.post(
        page_of(order, "return/"),
        {"kind": "withdrawal", "confirm": "1", "key": "k", **units(order, 1)},
    )

    assert "The 14-day withdrawal period is over." in page
    assert 'value="withdrawal"' not in page
    assert 'value="defect"' in page
    assert late.status_code == 422


def test_unshipped_items_are_not_offered(customer, light):
    order = make_paid_order(light)

    assert page_of(order, "return/") not in customer.get(page_of(order)).content.decode()
    assert "Cancel items that have not shipped yet" in (
        customer.get(page_of(order, "return/")).content.decode()
    )


def test_shipped_items_can_be_withdrawn_before_delivery(customer, light):
    order = make_shipped_order(light, quantity=1)

    page = customer.get(page_of(order, "return/")).content.decode()

    assert "within 14 days after the last parcel arrived" in page
    assert 'value="defect"' not in page


def test_return_can_be_canceled_and_requested_again(customer, order, withdrawn):
    made = ReturnAuthorization.objects.get()
    there = page_of(order, f"return/{made.number}/cancel/")

    answers = [customer.post(there, follow=True) for _ in range(2)]

    assert "Canceled. You keep it." in answers[0].content.decode()
    assert [each.status_code for each in answers] == [200, 200]
    assert counters(order) == [(0, 0)]
    assert customer.get(there).status_code == 405


def test_tracking_number_proves_the_shipment(customer, order, withdrawn):
    made = ReturnAuthorization.objects.get()
    there = page_of(order, f"return/{made.number}/sent/")

    customer.post(there, {"carrier": "DHL", "tracking_number": "  "})
    made.refresh_from_db()
    assert made.status == "approved"
    customer.post(there, {"carrier": "DHL", "tracking_number": "JJD1"})
    corrected = customer.post(there, {"carrier": "DHL", "tracking_number": "JJD2"}, follow=True)

    made.refresh_from_db()
    assert (made.status, made.tracking_number) == ("in_transit", "JJD2")
    assert "On its way back." in corrected.content.decode()


def test_received_return_cannot_be_canceled(customer, order, withdrawn):
    made = ReturnAuthorization.objects.get()
    bring_back(made)

    answer = customer.post(page_of(order, f"return/{made.number}/cancel/"), follow=True)

    assert "no longer possible" in answer.content.decode()
    made.refresh_from_db()
    assert made.status == "inspected"


def test_question_is_answered_on_the_page(customer, order, return_with_question):
    made = return_with_question

    shown = customer.get(page_of(order)).content.decode()
    customer.post(
        page_of(order, f"return/{made.number}/answer/"), {"customer_message": "A new one."}
    )

    assert "We wrote: A picture?" in shown
    made.refresh_from_db()
    assert (made.status, made.customer_message) == ("requested", "Dead.\nA new one.")


@pytest.mark.parametrize("what", ["cancel", "sent", "answer"])
def test_return_needs_the_link_of_its_order(customer, order, light, what):
    made = declare(order, 1)
    other = make_delivered(light, quantity=1)
    given = {"tracking_number": "1", "customer_message": "x"}

    strange = customer.post(page_of(other, f"return/{made.number}/{what}/"), given)
    keyless = customer.post(f"/en/orders/{order.number}/{'x' * 32}/return/{made.number}/{what}/")

    assert (strange.status_code, keyless.status_code) == (404, 404)
    made.refresh_from_db()
    assert made.status == "approved"


def test_answer_has_room_beside_the_longest_complaint(customer, order):
    made = declare(order, 1, kind="defect", customer_message="x" * 800)
    authorizations.request_evidence(authorization=made, question="Why?", actor="ann", now=NOON)
    there = page_of(order, f"return/{made.number}/answer/")

    long = customer.post(there, {"customer_message": "y" * 801}, follow=True)
    made.refresh_from_db()
    assert "This is too long. Shorten it." in long.content.decode()
    assert made.status == "needs_evidence"
    customer.post(there, {"customer_message": "y" * 800})

    made.refresh_from_db()
    assert (made.status, len(made.customer_message)) == ("requested", 1601)


@pytest.mark.parametrize("what", ["", "cancel/", "sent/", "answer/"])
def test_nul_is_dropped(customer, order, what):
    made = declare(order, 1)
    there = page_of(order, f"return/{made.number}/{what}" if what else "return/")
    given = {"key": "a\0b", "customer_message": "a\0b", "carrier": "\0", "tracking_number": "1\0"}

    assert customer.post(there, given).status_code == 400


def test_exchange_can_be_requested_instead_of_a_refund(customer, order, light):
    other = make_sibling(light, "20.01")
    make_sibling(light, "999.00")
    (line,) = order.lines.all()
    there = page_of(order, "return/")
    first = customer.get(there)
    given = {"kind": "withdrawal", **units(order, 1), f"instead_{line.pk}": other.variant.pk}

    asked = customer.post(there, given)
    customer.post(there, hidden(asked))

    assert Page(first).faults == []
    assert Page(first).unlabeled() == []
    assert "20.01" in first.content.decode()
    assert "999.00" not in first.content.decode()
    assert "You ask for this instead" in asked.content.decode()
    assert "you get a refund" in asked.content.decode()
    assert ReturnAuthorization.objects.get().lines.get().wanted == other.variant
    assert "You ask for this instead" in customer.get(page_of(order)).content.decode()


def test_more_expensive_variant_cannot_be_requested(customer, order, light):
    dearer = make_sibling(light, "999.00")
    (line,) = order.lines.all()
    given = {"kind": "withdrawal", **units(order, 1), f"instead_{line.pk}": dearer.variant.pk}

    answer = customer.post(page_of(order, "return/"), {**given, "confirm": "1", "key": "k"})

    assert answer.status_code == 422
    assert Page(answer).faults == []
    assert not ReturnAuthorization.objects.exists()
