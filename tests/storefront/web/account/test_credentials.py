"""Only the owner can change e-mail address or password; orders stay in the account."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from notifications import dispatch
from notifications.models import Event, Message
from orders.models import Order
from storefront.accounts.models import EmailChangeRequest, User
from tests.factories.accounts import PASSWORD, make_shopper, sign_in
from tests.factories.orders import make_paid_order
from tests.factories.suppliers import NOON
from tests.storefront.web.page_parser import Page, in_each_language

pytestmark = pytest.mark.django_db
NEW, OLD = "erika.new@example.org", "erika@example.org"
NEXT = "a brighter lamp at dawn"
WANTED = {"email": NEW, "current": PASSWORD}
EMAIL, PASSWORDS = "/en/account/email/", "/en/account/profile/password/"


@pytest.fixture
def other_browser(erika):
    other = Client(HTTP_SEC_FETCH_SITE="same-origin")
    sign_in(other)
    return other


def is_in(client):
    return client.get("/en/account/").status_code == 200


def recipients_of(name):
    return [event.payload["email"] for event in Event.objects.filter(name=name).order_by("pk")]


def link():
    return f"{EMAIL}{EmailChangeRequest.objects.latest('pk').key}/"


@in_each_language
def test_each_page_is_valid_and_for_its_owner_only(signed_in, language):
    for name in ("email/", "email/sent/", "profile/password/"):
        page = Page(signed_in.get(f"/{language}/account/{name}"))
        assert (page.faults, page.unlabeled()) == ([], []), name
        assert Client().get(f"/{language}/account/{name}").status_code == 302


def test_new_address_applies_once_confirmed(signed_in, erika, other_browser):
    signed_in.post(EMAIL, WANTED)
    erika.refresh_from_db()
    assert erika.email == OLD
    assert recipients_of("account.new_address") == [NEW]

    signed_in.get(link())
    erika.refresh_from_db()
    assert erika.email == OLD, "whatever only fetches a link changes nothing"
    signed_in.post(link())

    erika.refresh_from_db()
    assert erika.email == NEW
    assert list(EmailAddress.objects.values_list("email", "verified")) == [(NEW, True)]
    assert recipients_of("account.email_changed") == [OLD]
    assert is_in(signed_in)
    assert not is_in(other_browser)
    signed_in.post("/en/account/sign-out/")
    sign_in(signed_in, OLD)
    assert not is_in(signed_in)
    sign_in(signed_in, NEW)
    assert is_in(signed_in)


def test_new_password_voids_earlier_requests(signed_in, erika):
    signed_in.post(EMAIL, WANTED)
    asked_for = link()
    signed_in.post(PASSWORDS, {"current": PASSWORD, "password": NEXT})

    signed_in.post(asked_for)

    erika.refresh_from_db()
    assert erika.check_password(NEXT)
    assert erika.email == OLD


def test_link_works_without_sign_in_and_orders_stay_in_the_account(signed_in, erika, light):
    order = make_paid_order(light, email="Erika@example.org")
    signed_in.post(EMAIL, WANTED)
    stranger = Client(HTTP_SEC_FETCH_SITE="same-origin")

    answer = stranger.post(link())

    assert "/sign-in/" in answer.url
    assert not is_in(signed_in)
    erika.refresh_from_db()
    assert erika.email == NEW
    sign_in(signed_in, NEW)
    assert order.number in signed_in.get("/en/account/").content.decode()
    assert Order.objects.get().email == "Erika@example.org"
    later = make_paid_order(light, email=OLD)
    assert later.number not in signed_in.get("/en/account/").content.decode()


def test_invalid_form_sends_nothing(signed_in):
    for said in (
        {"email": NEW},
        {"email": NEW, "current": "wrong"},
        {"email": "no address", "current": PASSWORD},
        {"email": OLD.upper(), "current": PASSWORD},
        {"current": PASSWORD},
    ):
        assert signed_in.post(EMAIL, said).status_code == 422, said
    assert not EmailChangeRequest.objects.exists()


def test_form_does_not_reveal_accounts_and_its_mails_are_limited(signed_in):
    make_shopper("other@example.org")

    answer = signed_in.post(EMAIL, {**WANTED, "email": "Other@example.org"})

    assert answer.url == f"{EMAIL}sent/"
    assert recipients_of("account.new_address") == []
    assert signed_in.post(link()).status_code == 409
    assert User.objects.filter(email=OLD).exists()
    wanted = [{**WANTED, "email": f"n{number}@example.org"} for number in range(5)]
    answers = [signed_in.post(EMAIL, each).status_code for each in wanted]
    assert answers == [302] * 4 + [429]


def test_only_the_last_link_works_once_for_three_days(signed_in, erika, noon):
    signed_in.post(EMAIL, WANTED)
    first = link()
    signed_in.post(EMAIL, {**WANTED, "email": "third@example.org"})
    assert signed_in.post(first).status_code == 404

    noon.shift(timedelta(days=3))
    assert signed_in.post(link()).status_code == 404
    noon.shift(timedelta(minutes=-1))
    signed_in.post(link())
    erika.refresh_from_db()
    assert erika.email == "third@example.org"
    assert signed_in.post(link()).status_code == 404


def test_password_attempts_are_throttled_here_too(signed_in):
    for _ in range(5):
        signed_in.post(PASSWORDS, {"current": "wrong", "password": NEXT})

    answer = signed_in.post(PASSWORDS, {"current": PASSWORD, "password": NEXT})

    assert answer.status_code == 422
    assert "Too many attempts" in answer.content.decode()


def test_new_password_ends_other_sessions_and_is_mailed(signed_in, erika, other_browser):
    answer = signed_in.post(PASSWORDS, {"current": PASSWORD, "password": NEXT})

    assert answer.status_code == 302
    assert is_in(signed_in)
    assert not is_in(other_browser)
    assert recipients_of("account.password_changed") == [OLD]
    erika.refresh_from_db()
    assert erika.check_password(NEXT)


def test_weak_password_is_refused(signed_in, erika):
    for password in ("", "short", "password123"):
        answer = signed_in.post(PASSWORDS, {"current": PASSWORD, "password": password})
        assert answer.status_code == 422, password
    erika.refresh_from_db()
    assert erika.check_password(PASSWORD)


def test_long_passphrase_is_accepted(signed_in, erika):
    long = "correct horse battery staple " * 5

    signed_in.post(PASSWORDS, {"current": PASSWORD, "password": long})

    erika.refresh_from_db()
    assert erika.check_password(long)
    assert not erika.check_password(long[:-1])


def test_export_and_erasure_include_former_and_requested_addresses(signed_in, erika, light):
    order = make_paid_order(light, email=OLD)
    Order.objects.filter(pk=order.pk).update(status="completed")
    guest = make_paid_order(light, email="typo@example.org")
    signed_in.post(EMAIL, WANTED)
    signed_in.post(link())
    signed_in.post(EMAIL, {**WANTED, "email": "typo@example.org"})
    for event in Event.objects.all():
        dispatch.fan_out(event=event, now=NOON)

    copy = signed_in.post("/en/account/privacy/copy/").json()
    signed_in.post("/en/account/privacy/erase/", {"current": PASSWORD, "sure": "on"})

    assert [each["number"] for each in copy["orders"]] == [order.number]
    assert {each["recipient"] for each in copy["mails"]} >= {OLD, NEW}
    assert [each["new_email"] for each in copy["address_changes"]] == [NEW, "typo@example.org"]
    assert not User.objects.filter(pk=erika.pk).exists()
    assert not EmailChangeRequest.objects.exists()
    left = str(list(Event.objects.values("payload"))) + str(list(Message.objects.values()))
    assert OLD not in left
    assert NEW not in left
    assert left.count("typo@example.org") > 0, "the mails of the other person stay"
    mine = Event.objects.filter(payload__email="typo@example.org")
    assert set(mine.values_list("name", flat=True)) <= {
        event.name for event in Event.objects.filter(payload__number=guest.number)
    }
