"""Return pages: request, confirm and follow a return."""

import re
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from catalog.models import Product
from notifications.models import Event
from orders.models import ReturnAuthorization, ReturnPolicy
from orders.returns import authorizations, refunds
from tests.factories.catalog import NOON
from tests.factories.orders import make_paid_order
from tests.factories.return_labels import send_label
from tests.factories.returns import (
    bring_back,
    counters,
    declare,
    make_delivered,
    make_policy,
    make_shipped_order,
    make_sibling,
)
from tests.storefront.web.page_parser import Page, in_each_language, page_of

pytestmark = pytest.mark.django_db


def test_refunded_return_shows_its_amount(customer, order):
    made = declare(order, 1)
    bring_back(made)
    refunds.refund(authorization=made, actor="ann", now=NOON)
    defect = declare(order, 1, kind="defect", customer_message="Dead.")
    authorizations.approve(authorization=defect, answer="", actor="ann", now=NOON)

    text = customer.get(page_of(order)).content.decode()

    assert "We refund €39.99." in text
    assert "We pay for the return shipping." in text, "for a defective item"


def test_a_smaller_refund_is_explained(customer, order):
    made = declare(order, 2)
    bring_back(made, accepted=1, deduction="7.50", reason="lens broken")
    refunds.refund(authorization=made, actor="ann", now=NOON)

    text = customer.get(page_of(order)).content.decode()

    assert "We accepted 1." in text
    assert "€7.50 is deducted: lens broken" in text
    assert "was refunded before" not in text


def test_a_return_that_was_refunded_before_says_so(customer, order):
    made = declare(order, 1)
    bring_back(made)
    refunds.refund(authorization=made, actor="ann", now=NOON)
    made.refund_amount -= 10
    made.save(update_fields=["refund_amount"])

    assert "€10.00 was refunded before." in customer.get(page_of(order)).content.decode()


def test_return_without_shipment_has_no_address(customer, light):
    make_policy(destination="nowhere", address="")
    order = make_delivered(light, quantity=1)
    declare(order, 1)

    text = customer.get(page_of(order)).content.decode()

    assert "You do not need to send anything back. Keep it." in text
    assert "Send it to" not in text
    assert "Add tracking number" not in text


@pytest.fixture
def pdf():
    """A stored label."""
    name = storages["private"].save("return-labels/test.pdf", ContentFile(b"%PDF-1.4 label"))
    yield name
    storages["private"].delete(name)


def label_page(order, made):
    return page_of(order, f"return/{made.number}/label/")


def test_a_label_is_shown_with_its_price_and_served_to_the_link_holder(customer, order, pdf):
    made = declare(order, 1)
    assert customer.get(label_page(order, made)).status_code == 404
    send_label(made, file=pdf)

    text = customer.get(page_of(order)).content.decode()
    served = customer.get(label_page(order, made))

    assert "Print the return label" in text
    assert "If you use this label, we deduct €5.95 from your refund." in text
    assert (served.content, served["Content-Type"]) == (b"%PDF-1.4 label", "application/pdf")
    assert "no-store" in served["Cache-Control"]


def test_a_label_is_not_served_without_the_key_or_when_it_is_void(customer, order, pdf):
    made = declare(order, 1)
    label = send_label(made, file=pdf, payer="us", charge="0")
    wrong = label_page(order, made).replace(order.access_key, "x" * len(order.access_key))
    assert customer.get(wrong).status_code == 404
    label.move("void_requested", at=NOON)
    assert customer.get(label_page(order, made)).status_code == 404


def test_a_refund_shows_the_deducted_label(customer, order):
    made = declare(order, 1)
    send_label(made)
    bring_back(made)
    refunds.refund(authorization=made, actor="ann", now=NOON)
    assert (
        "€5.95 for the return label is deducted." in customer.get(page_of(order)).content.decode()
    )


@pytest.mark.parametrize(
    ("kind", "payer", "text"),
    [
        ("withdrawal", "customer", "You pay for the return shipping. If we send you a label"),
        ("withdrawal", "us", "We pay for the return shipping."),
        ("defect", "customer", "We pay for the return shipping."),
    ],
)
def test_a_customer_is_told_who_pays_before_the_return(customer, order, kind, payer, text):
    ReturnPolicy.objects.update(label_payer=payer)
    given = {"kind": kind, "customer_message": "Dead.", **units(order, 1)}
    assert text in customer.post(page_of(order, "return/"), given).content.decode()


def test_label_is_a_link_only_if_it_is_an_https_url(customer, order):
    made = declare(order, 1)
    given = {"address": "Fara, Lampenweg 1, 10115 Berlin", "carrier": "DHL", "tracking_number": ""}
    authorizations.issue_label(authorization=made, label="x", actor="ann", now=NOON, **given)

    for label, shown in (
        ("https://labels.example/7", '<a href="https://labels.example/7" rel="noreferrer">'),
        ("Say <RET-7> at the counter", "Label for the parcel: Say &lt;RET-7&gt; at the counter"),
        ("javascript:alert(1)", "Label for the parcel: javascript:alert(1)"),
    ):
        ReturnAuthorization.objects.update(label=label)
        assert shown in customer.get(page_of(order)).content.decode()


def test_no_line_is_preselected_among_several_and_a_longer_warranty_is_named(customer, light):
    make_policy()
    order = make_delivered(light, make_sibling(light, "20.00"), quantity=1)
    url = page_of(order, "return/")

    before = Page(customer.get(url))
    Product.objects.update(guarantee_months=60)

    assert [each["value"] for each in before.all("input", type="number")] == ["0", "0"]
    assert "Warranty: " not in before.text
    assert "Warranty: 60 months." in customer.get(url).content.decode()


def test_requested_exchange_stays_selected_after_an_error(customer, order, light):
    other = make_sibling(light, "20.00")
    (line,) = order.lines.all()
    given = {**units(order, 1), f"instead_{line.pk}": other.variant.pk}

    answer = customer.post(page_of(order, "return/"), given)

    assert answer.status_code == 422
    assert Page(answer).all("option", value=str(other.variant.pk), selected=None)


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
    url = page_of(order, "return/").replace("/en/", f"/{language}/")
    given = {"kind": "withdrawal", **units(order, 1)}
    declare(order, 1, kind="defect", customer_message="Dead.")
    pages = [customer.get(url), customer.post(url, {}), customer.post(url, given)]
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


def test_confirmed_withdrawal_is_mailed_shown_and_stored_once(customer, order):
    url = page_of(order, "return/")
    sent = hidden(customer.post(url, {"kind": "withdrawal", **units(order, 1)}))

    shown = customer.post(url, sent, follow=True).content.decode()
    again = customer.post(url, sent)

    made = ReturnAuthorization.objects.get()
    assert (made.status, made.opened_by) == ("approved", "customer")
    assert counters(order) == [(1, 0)]
    assert "A confirmation with date and time" in shown
    assert made.number in shown
    assert "Send it to: Fara, Lampenweg 1, 10115 Berlin" in shown
    assert "8 Dec" in shown
    assert again.status_code == 303
    assert Event.objects.filter(name="return.declared").count() == 1


def test_refused_return_shows_a_message_and_stores_nothing(customer, order, light):
    url, valid = page_of(order, "return/"), {"kind": "withdrawal", "confirm": "1", "key": "k"}
    other = make_delivered(light, quantity=1)

    refused = [units(order, many) for many in ("0", "-1", "3", str(2**31), "9" * 30, "x", "1.5")]
    refused += [
        units(other, 1),
        {"kind": "theft", **units(order, 1)},
        {"kind": "", "key": "k" * 41, **units(order, 1)},
    ]
    for given in refused:
        answer = customer.post(url, valid | given)
        assert answer.status_code == 422, given
        assert Page(answer).faults == []
    assert not ReturnAuthorization.objects.exists()


def test_complaint_needs_a_text_and_waits_for_staff(customer, order):
    url, given = page_of(order, "return/"), {"kind": "defect", **units(order, 1)}

    without_text = customer.post(url, given)
    asked = customer.post(url, {**given, "customer_message": "It flickers."})
    customer.post(url, hidden(asked))

    assert without_text.status_code == 422
    made = ReturnAuthorization.objects.get()
    assert (made.status, made.customer_message) == ("requested", "It flickers.")


def test_after_fourteen_days_only_complaints_are_possible(customer, order, noon):
    noon.shift(timedelta(days=15))
    url = page_of(order, "return/")

    page = customer.get(url).content.decode()
    given = {"kind": "withdrawal", "confirm": "1", "key": "k", **units(order, 1)}

    assert "The 14-day withdrawal period is over." in page
    assert 'value="withdrawal"' not in page
    assert 'value="defect"' in page
    assert customer.post(url, given).status_code == 422


def test_shipped_items_can_be_returned_before_delivery_and_unshipped_ones_cannot(customer, light):
    unshipped, shipped = make_paid_order(light), make_shipped_order(light, quantity=1)

    assert page_of(unshipped, "return/") not in customer.get(page_of(unshipped)).content.decode()
    none = customer.get(page_of(unshipped, "return/")).content.decode()
    assert "Cancel items that have not shipped yet" in none
    page = customer.get(page_of(shipped, "return/")).content.decode()
    assert "within 14 days after the last parcel arrived" in page
    assert 'value="defect"' not in page


def test_return_can_be_canceled_until_it_is_received(customer, order, withdrawn):
    made = ReturnAuthorization.objects.get()
    url = page_of(order, f"return/{made.number}/cancel/")

    answers = [customer.post(url, follow=True) for _ in range(2)]

    assert "Canceled. You keep it." in answers[0].content.decode()
    assert [each.status_code for each in answers] == [200, 200]
    assert counters(order) == [(0, 0)]
    assert customer.get(url).status_code == 405
    received = declare(order, 1)
    bring_back(received)
    late = customer.post(page_of(order, f"return/{received.number}/cancel/"), follow=True)
    assert "no longer possible" in late.content.decode()
    received.refresh_from_db()
    assert received.status == "inspected"


def test_tracking_number_marks_the_return_as_shipped(customer, order, withdrawn):
    made = ReturnAuthorization.objects.get()
    url = page_of(order, f"return/{made.number}/sent/")

    empty = customer.post(url, {"carrier": "DHL", "tracking_number": "  "}, follow=True)
    made.refresh_from_db()
    assert made.status == "approved"
    assert "You entered nothing, so nothing is saved." in empty.content.decode()
    customer.post(url, {"carrier": "DHL", "tracking_number": "JJD1"})
    corrected = customer.post(url, {"carrier": "DHL", "tracking_number": "JJD2"}, follow=True)

    made.refresh_from_db()
    assert (made.status, made.tracking_number) == ("in_transit", "JJD2")
    assert "On its way back." in corrected.content.decode()


def test_return_needs_the_link_of_its_order(customer, order, light):
    made = declare(order, 1)
    other = make_delivered(light, quantity=1)
    given = {"tracking_number": "1", "customer_message": "x"}

    for action in ("cancel", "sent", "answer"):
        subpath = f"return/{made.number}/{action}/"
        assert customer.post(page_of(other, subpath), given).status_code == 404
        keyless = customer.post(f"/en/orders/{order.number}/{'x' * 32}/{subpath}")
        assert keyless.status_code == 404
    made.refresh_from_db()
    assert made.status == "approved"


def test_exchange_can_be_requested_instead_of_a_refund(customer, order, light):
    other = make_sibling(light, "20.01")
    dearer = make_sibling(light, "999.00")
    (line,) = order.lines.all()
    url = page_of(order, "return/")
    first = Page(customer.get(url))
    given = {"kind": "withdrawal", **units(order, 1), f"instead_{line.pk}": other.variant.pk}

    refused = customer.post(url, given | {f"instead_{line.pk}": dearer.variant.pk})
    asked = customer.post(url, given)
    customer.post(url, hidden(asked))

    assert (first.faults, first.unlabeled()) == ([], [])
    assert (refused.status_code, Page(refused).faults) == (422, [])
    assert "20.01" in first.text
    assert "999.00" not in first.text
    assert "You ask for this instead" in asked.content.decode()
    assert "you get a refund" in asked.content.decode()
    assert ReturnAuthorization.objects.get().lines.get().wanted == other.variant
    assert "You ask for this instead" in customer.get(page_of(order)).content.decode()
