from dataclasses import replace

import pytest
from django.test import Client

from notifications import preferences
from notifications.models import Consent, Message
from notifications.preferences import EMAIL, SMS, Kind
from orders.models import Cart
from storefront.accounts import profile
from storefront.accounts.models import User
from storefront.identity import current
from tests.factories.notifications import make_message
from tests.storefront.web.conftest import WHO
from tests.storefront.web.page_parser import Page, in_each_language

pytestmark = pytest.mark.django_db
PATH = "/en/account/messages/"
PHONE = "+4915123456789"


def wanted(recipient="erika@example.org", sender=EMAIL):
    return {
        kind
        for kind, is_given in preferences.choices(recipient=recipient, sender=sender).items()
        if is_given
    }


def link(language="en"):
    make_message("parcel.delivered")
    return (
        preferences.preferences_url(Message.objects.latest("pk"))
        .partition("8000")[2]
        .replace("/en/", f"/{language}/")
    )


# Account


@in_each_language
def test_the_pages_are_valid(signed_in, customer, twilio, language):
    for path in (f"/{language}/account/messages/", link(language)):
        for query in ("", "?kept=1"):
            read = Page(signed_in.get(path + query))
            assert (read.faults, read.unlabeled()) == ([], []), path


def test_the_choices_of_an_account_are_saved_with_their_text(signed_in, erika, twilio):
    profile.set_sms_number(user_id=erika.pk, number="")
    form = {"email-delivered": "on", "sms-phone": "0151 23456789", "sms-shipped": "on"}

    page = Page(signed_in.post(PATH, form, follow=True))

    assert "Saved." in page.text
    assert wanted() == {Kind.DELIVERED}
    assert wanted(PHONE, SMS) == {Kind.SHIPPED}
    assert User.objects.get(pk=erika.pk).sms_number == PHONE
    assert set(Consent.objects.values_list("source", "text_version")) == {
        ("account", "email-1"),
        ("account", "sms-1"),
    }
    assert "checked" in page.all("input", name="sms-shipped")[0]
    assert "checked" not in page.all("input", name="email-out_for_delivery")[0]


@pytest.mark.parametrize("phone", ["030 1234567", "12", "abc"])
def test_a_number_that_gets_no_text_messages_is_refused(signed_in, twilio, phone):
    answer = signed_in.post(PATH, {"sms-phone": phone})

    assert answer.status_code == 422
    assert "Enter a mobile number" in answer.content.decode()
    assert Consent.objects.count() == 0


def test_without_a_provider_no_page_offers_text_messages(signed_in, light):
    signed_in.post("/en/cart/add/", {"listing": light.pk, "quantity": 1})

    pages = [Page(signed_in.get(path)) for path in (PATH, "/en/checkout/")]
    signed_in.post(PATH, {"sms-phone": PHONE, "sms-shipped": "on"})

    assert all("ext message" not in page.text for page in pages)
    assert not Consent.objects.filter(sender=SMS).exists()
    assert wanted() == set()


@pytest.mark.parametrize("address", ["", "https://reviews.example/fara"])
def test_reviews_are_asked_for_only_if_the_shop_has_a_review_page(
    signed_in, light, monkeypatch, address
):
    identity = replace(current.DEMONSTRATION, review_url=address)
    monkeypatch.setattr(current, "DEMONSTRATION", identity)
    monkeypatch.setattr(current, "_cached", None)

    shown = Page(signed_in.get(PATH)).all("input", name="email-review_request")

    assert len(shown) == bool(address)
    assert all("checked" not in each for each in shown)


# Link of an e-mail


def test_the_link_of_an_e_mail_changes_its_recipients_choices(customer, light):
    path = link()

    before = Page(customer.get(path))
    page = Page(customer.post(path, {"email-out_for_delivery": "on"}, follow=True))

    assert "checked" in before.all("input", name="email-delivered")[0]
    assert "Saved." in page.text
    assert wanted() == {Kind.OUT_FOR_DELIVERY}
    assert set(Consent.objects.values_list("source", flat=True)) == {"link"}


def test_one_click_of_the_mailbox_ends_the_kind_of_the_e_mail(light):
    mailbox = Client(enforce_csrf_checks=True)  # it has no cookie
    path = f"{link()}stop/"

    looked = mailbox.get(path)
    before = wanted()
    wrong = mailbox.post(path, {"x": "y"})
    done = [mailbox.post(path, {"List-Unsubscribe": "One-Click"}) for _ in range(2)]

    assert (looked.status_code, before, wrong.status_code) == (
        302,
        set(preferences.KINDS[EMAIL]) - preferences.OPT_IN,
        400,
    )
    assert [answer.status_code for answer in done] == [200, 200]
    assert wanted() == before - {Kind.DELIVERED}
    assert Consent.objects.get().source == "one_click"


@pytest.mark.parametrize("ending", ["", "stop/"])
def test_a_forged_link_opens_nothing(customer, light, ending):
    path = link().replace(":", "x:")

    assert customer.get(path + ending).status_code == 404
    assert customer.post(path + ending, {"List-Unsubscribe": "One-Click"}).status_code == 404


# Checkout


def check_out(browser, light, **fields):
    browser.post("/en/cart/add/", {"listing": light.pk, "quantity": 1})
    return browser.post("/en/checkout/", {**WHO, **fields})


def test_text_messages_are_chosen_at_checkout_for_the_phone_of_the_address(customer, light, twilio):
    answer = check_out(customer, light, phone="0151 23456789", wants_sms="on")

    assert answer.status_code == 302
    assert Cart.objects.get().sms_number == PHONE
    assert wanted(PHONE, SMS) == set(preferences.KINDS[SMS])
    assert set(Consent.objects.values_list("source", "text_version")) == {("checkout", "sms-1")}
    page = Page(customer.get("/en/checkout/"))
    assert "checked" in page.all("input", name="wants_sms")[0]


def test_text_messages_need_a_mobile_number(customer, light, twilio):
    answer = check_out(customer, light, phone="030 1234567", wants_sms="on")

    assert answer.status_code == 422
    assert "Enter a mobile number for text messages" in answer.content.decode()


def test_text_messages_are_not_sent_unless_chosen(customer, light, twilio):
    check_out(customer, light, phone="0151 23456789")

    assert Cart.objects.get().sms_number == ""
    assert Consent.objects.count() == 0


def test_orders_of_an_account_use_its_number(signed_in, erika, light, twilio):
    profile.set_sms_number(user_id=erika.pk, number=PHONE)

    check_out(signed_in, light, phone="")
    page = Page(signed_in.get("/en/checkout/"))

    assert f"go to {PHONE}" in page.text
    assert Cart.objects.get().sms_number == PHONE
