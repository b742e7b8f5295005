"""Return status on the order page, and the first page of a return."""

import pytest

from catalog.models import Product
from orders.models import ReturnAuthorization
from orders.returns import authorizations, refunds
from tests.factories.catalog import NOON
from tests.factories.returns import (
    bring_back,
    declare,
    make_delivered,
    make_policy,
    make_sibling,
)
from tests.storefront.web.page_parser import Page, page_of
from tests.storefront.web.returns.test_views import units

pytestmark = pytest.mark.django_db


def test_refunded_return_shows_its_amount(customer, order):
    made = declare(order, 1)
    bring_back(made)
    refunds.refund(authorization=made, actor="ann", now=NOON)
    defect = declare(order, 1, kind="defect", customer_message="Dead.")
    authorizations.approve(authorization=defect, answer="", actor="ann", now=NOON)

    text = customer.get(page_of(order)).content.decode()

    assert "We refund €39.99." in text
    assert "We pay for the return shipping." in text, "of a defective item"


def test_return_without_shipment_has_no_address(customer, light):
    make_policy(destination="nowhere", address="")
    order = make_delivered(light, quantity=1)
    declare(order, 1)

    text = customer.get(page_of(order)).content.decode()

    assert "You do not need to send anything back. Keep it." in text
    assert "Send it to" not in text
    assert "Add tracking number" not in text


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
    there = page_of(order, "return/")

    before = Page(customer.get(there))
    Product.objects.update(warranty_months=60)

    assert [each["value"] for each in before.all("input", type="number")] == ["0", "0"]
    assert "Warranty: " not in before.text
    assert "Warranty: 60 months." in customer.get(there).content.decode()


def test_requested_exchange_stays_selected_after_an_error(customer, order, light):
    other = make_sibling(light, "20.00")
    (line,) = order.lines.all()
    given = {**units(order, 1), f"instead_{line.pk}": other.variant.pk}

    answer = customer.post(page_of(order, "return/"), given)

    assert answer.status_code == 422
    assert Page(answer).all("option", value=str(other.variant.pk), selected=None)
