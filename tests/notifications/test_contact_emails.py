"""Contact e-mails: trigger each by the shop's own code, check its text in both languages."""

import pytest

from storefront.web.content import contact
from tests.factories.orders import make_order
from tests.factories.suppliers import NOON
from tests.support.emails import email_test, problems_of

pytestmark = pytest.mark.django_db


def wrote(*, order="", email="erika@example.org", topic="order"):
    contact.send(
        name="Erika Muster",
        email=email,
        order=order,
        topic=topic,
        message="Strap <broke>.",
        origin="http://127.0.0.1:8000",
        now=NOON,
    )


def wrote_about_an_order():
    order = make_order()
    wrote(order=order.number, email=order.email)


def wrote_a_number_of_no_order():
    wrote(order="FL-261124-7K3QX")


def wrote_about_a_product():
    wrote(topic="product")


RECEIVED = "We received your message, and a person will answer it by e-mail."
CASES = [
    ("contact.received", wrote_about_an_order, ["Strap <broke>.", "Reply to this e-mail"]),
    (
        "contact.received",
        wrote_a_number_of_no_order,
        ["Strap <broke>.", "no order has this number and this e-mail address"],
    ),
    ("contact.received", wrote_about_a_product, ["Erika Muster", "A product"]),
]


test_contact_email = email_test(CASES)


@pytest.mark.parametrize("cause", [wrote_about_an_order, wrote_about_a_product])
def test_the_customer_gets_a_receipt(cause):
    cause()

    assert problems_of("contact.received", [RECEIVED], "contact_acknowledged") == []
