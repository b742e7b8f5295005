import pytest
from django.test import Client
from django.utils import timezone

from notifications import dispatch
from notifications.models import Event, Message
from storefront.identity import current
from storefront.identity.models import ShopIdentity
from storefront.privacy import personal_data
from storefront.web.content import contact
from tests.factories.accounts import make_shopper
from tests.factories.catalog import NOON
from tests.factories.orders import make_order
from tests.storefront.identity.test_current import OURS
from tests.storefront.web.conftest import make_light
from tests.storefront.web.page_parser import Page

pytestmark = pytest.mark.django_db

CONTACT = "/en/info/contact/"
WRITTEN = {
    "name": "Erika Muster",
    "email": "Erika@example.org",
    "order": "",
    "topic": "product",
    "message": "Does the strap fit a helmet?\nThank you.",
    "website": "",
}


@pytest.fixture(autouse=True)
def shop(monkeypatch):
    monkeypatch.setattr(current, "_cached", None)
    return ShopIdentity.objects.create(pk=1, **OURS)


def send(client, **written):
    return client.post(CONTACT, {**WRITTEN, **written})


def mails():
    """Return the e-mail to the shop and the e-mail to the customer."""
    [event] = Event.objects.filter(name="contact.received")
    dispatch.fan_out(event=event, now=NOON)
    rows = {row.template: dispatch.compose(row) for row in Message.objects.all()}
    return rows["contact_message"], rows["contact_acknowledged"]


def test_message_is_sent_and_acknowledged(client, light):
    response = send(client)
    to_shop, to_customer = mails()

    assert (response.status_code, response.url) == (303, f"{CONTACT}?sent=1")
    assert "We received your message." in client.get(response.url).content.decode()
    assert to_shop.recipient == "service@nachtlicht.shop"
    assert to_shop.reply_to == "Erika@example.org"
    assert WRITTEN["message"] in to_shop.text
    assert to_shop.subject == "A product: message from Erika Muster"
    assert (to_customer.recipient, to_customer.reply_to) == ("Erika@example.org", "")


def test_acknowledgement_contains_no_text_of_the_form(client, light):
    """Otherwise the form could send advertising to any address in our name."""
    send(client, name="Buy at spam.example", message="Buy at spam.example", order="spam.example")

    _to_shop, to_customer = mails()

    assert "spam" not in to_customer.subject + to_customer.text + to_customer.html


@pytest.mark.parametrize(
    ("email", "is_linked"), [("ERIKA@example.org", True), ("other@example.org", False)]
)
def test_message_is_linked_to_an_order_of_the_same_email_address(client, email, is_linked):
    order = make_order(make_light())
    form = Page(client.get(f"{CONTACT}?order={order.number}"))
    assert form.all("input", name="order")[0]["value"] == order.number
    assert form.all("option", value="order")[0].keys() == {"value", "selected"}

    send(client, order=order.number.lower().replace("-", " "), email=email)
    to_shop, to_customer = mails()

    staff_page = f"/admin/orders/order/{order.pk}/change/"
    assert (staff_page in to_shop.text, staff_page in to_shop.html) == (is_linked, is_linked)
    assert (order.number in to_customer.subject) == is_linked
    assert ("no order has this number" in to_shop.text) != is_linked
    subject = Event.objects.get(name="contact.received").subject
    assert (subject == f"order:{order.number}") == is_linked


def test_invalid_message_is_kept_in_the_form_and_not_sent(client, light):
    for field, value, words in (
        ("name", "", "Enter your name."),
        ("email", "", "so that we can answer"),
        ("email", "erika", "like name@example.org"),
        ("topic", "complaint", "Choose a topic."),
        ("message", "  ", "Write your message."),
        ("message", "\x01 \x02", "Write your message."),
        ("name", "\x01", "Enter your name."),
        ("message", "x" * 4001, "Shorten the message"),
        ("order", "F" * 21, "This order number is too long"),
        ("website", "https://spam.example", "Clear this field"),
    ):
        response = send(client, **{field: value})
        page = Page(response)
        assert response.status_code == 422, field
        assert words in page.text
        assert (page.faults, page.unlabeled()) == ([], [])
        assert field == "message" or "Does the strap fit a helmet?" in page.text
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("allowed", "email"),
    [(contact.MESSAGES_PER_HOUR, "erika{}@example.org"), (contact.MESSAGES_PER_ADDRESS, "")],
)
def test_flood_is_refused_and_the_message_stays_in_the_form(client, light, allowed, email):
    answers = [
        send(client, message=f"{number}?", email=email.format(number) or WRITTEN["email"])
        for number in range(allowed + 1)
    ]

    assert [each.status_code for each in answers] == [303] * allowed + [429]
    assert "service@nachtlicht.shop" in answers[-1].content.decode()
    assert f">{allowed}?</textarea>" in answers[-1].content.decode()
    assert Event.objects.count() == allowed


def test_same_message_twice_is_sent_once(client, light):
    long = "x\r\n" * 1999 + "xx"  # a line break counts as one character, as in a browser

    for browser, status in ((client, 303), (client, 303), (Client(enforce_csrf_checks=True), 403)):
        assert send(browser, message=long).status_code == status

    assert Event.objects.filter(name="contact.received").count() == 1


def test_customer_exports_and_erases_their_messages(client, light):
    user = make_shopper("erika@example.org")
    client.force_login(user)
    form = Page(client.get(CONTACT))
    assert form.all("input", name="email")[0]["value"] == user.email
    send(client)
    assert personal_data.export(user)["messages"][0]["message"] == WRITTEN["message"]

    personal_data.erase(user_id=user.pk, now=timezone.now())

    payload = Event.objects.get(name="contact.received").payload
    assert {payload[part] for part in ("name", "email", "message")} == {""}
