"""E-mail address and password: the owner changes them; the old address can stop a new one."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from notifications import dispatch
from notifications.models import Event, Message, Suppression
from notifications.sealed_links import decrypt_link
from orders.models import Order
from storefront.accounts import credentials
from storefront.accounts.models import EmailChangeRequest, User
from tests.factories.accounts import PASSWORD, make_shopper, sign_in
from tests.factories.orders import make_paid_order
from tests.factories.suppliers import NOON
from tests.storefront.web.page_parser import Page, in_each_language
from tests.support.concurrency import Rival

pytestmark = pytest.mark.django_db
NEW, OLD = "erika.new@example.org", "erika@example.org"
NEXT = "a brighter lamp at dawn"
WANTED = {"email": NEW, "current": PASSWORD}
PLACES = ("", "profile/", "email/")
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
    assert erika.email == OLD, "a GET changes nothing"
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


def test_confirm_link_works_without_sign_in_and_orders_stay_in_the_account(signed_in, erika, light):
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
    for form in (
        {"email": NEW},
        {"email": NEW, "current": "wrong"},
        {"email": "no address", "current": PASSWORD},
        {"email": OLD.upper(), "current": PASSWORD},
        {"current": PASSWORD},
    ):
        assert signed_in.post(EMAIL, form).status_code == 422, form
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


def test_attempts_at_the_current_password_are_throttled(signed_in):
    for _ in range(5):
        signed_in.post(PASSWORDS, {"current": "wrong", "password": NEXT})

    answer = signed_in.post(PASSWORDS, {"current": PASSWORD, "password": NEXT})

    assert answer.status_code == 422
    assert "Too many attempts" in answer.content.decode()


def test_new_password_ends_other_sessions_and_is_mailed(signed_in, erika, other_browser):
    signed_in.post(EMAIL, WANTED)
    asked_for = link()

    answer = signed_in.post(PASSWORDS, {"current": PASSWORD, "password": NEXT})

    assert answer.status_code == 302
    assert is_in(signed_in)
    assert not is_in(other_browser)
    assert recipients_of("account.password_changed") == [OLD]
    signed_in.post(asked_for)
    erika.refresh_from_db()
    assert erika.check_password(NEXT)
    assert erika.email == OLD, "the earlier e-mail change is void"


def test_weak_password_is_refused(signed_in, erika):
    for password in ("", "short", "password123", erika.email):
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


def request_change(signed_in, email=NEW):
    signed_in.post(EMAIL, {"email": email, "current": PASSWORD})
    return EmailChangeRequest.objects.latest("pk")


def confirm_link(change):
    return f"{EMAIL}{change.key}/"


def stop_link():
    event = Event.objects.filter(name="account.email_change_requested").latest("pk")
    return decrypt_link(event.payload)["url"].partition("//")[2].partition("/")[2].join(["/", ""])


def another_browser():
    return Client(HTTP_SEC_FETCH_SITE="same-origin")


@pytest.mark.parametrize("has_account", [False, True])
def test_old_address_is_notified_of_the_request(signed_in, has_account):
    if has_account:
        make_shopper(NEW)
    request_change(signed_in)

    event = Event.objects.get(name="account.email_change_requested").payload

    assert (event["email"], event["new_email"], event["time"]) == (OLD, NEW, "12:00")


def test_stop_link_works_without_sign_in_and_changes_nothing_else(signed_in):
    change = request_change(signed_in)
    before = User.objects.values().get(email=OLD)

    answer = another_browser().post(stop_link(), follow=True)

    assert "The change is stopped." in answer.content.decode()
    assert signed_in.post(confirm_link(change)).status_code == 404
    assert User.objects.values().get(email=OLD) == before
    assert signed_in.get("/en/account/").status_code == 200, "sessions stay"


@in_each_language
def test_stop_page_is_valid_before_and_after_the_stop(signed_in, language):
    request_change(signed_in)
    path = stop_link().replace("/en/", f"/{language}/")

    for _ in range(2):
        assert Page(another_browser().get(path)).faults == []
        another_browser().post(path)


def test_stop_link_works_once_and_for_its_own_change_only(signed_in):
    earlier = request_change(signed_in)
    change = request_change(signed_in, "other@example.org")
    first = stop_link()
    another_browser().post(first)
    assert signed_in.post(confirm_link(earlier)).status_code == 404, (
        "the earlier request stays void"
    )
    change.refresh_from_db()
    at = change.stopped_at
    second = request_change(signed_in, "third@example.org")

    another_browser().post(first)

    change.refresh_from_db()
    assert change.stopped_at == at
    signed_in.post(confirm_link(second))
    assert User.objects.filter(email="third@example.org").exists()


def test_link_scanner_stops_nothing_and_a_late_stop_says_so(signed_in):
    change = request_change(signed_in)
    another_browser().get(stop_link())
    signed_in.post(confirm_link(change))

    answer = another_browser().post(stop_link(), follow=True)

    assert answer.status_code == 404
    assert "contact us immediately" in answer.content.decode()
    assert User.objects.filter(email=NEW).exists()


def test_stop_link_cannot_be_forged(signed_in):
    change = request_change(signed_in)
    signed = stop_link()

    for forged in (
        f"{EMAIL}stop/{change.pk}/",
        signed.replace("stop/", "stop/x"),
        signed[:-3] + "/",
    ):
        assert another_browser().post(forged, follow=True).status_code == 404
    assert EmailChangeRequest.objects.get().stopped_at is None


@pytest.mark.django_db(transaction=True)
def test_concurrent_stop_waits_and_is_too_late(signed_in, monkeypatch):
    """Without the lock, the stop would write between the check and the change of address."""
    change = request_change(signed_in)
    token = stop_link().rstrip("/").rpartition("/")[2]
    rival = Rival(lambda: credentials.stop_email_change(token=token, now=NOON))
    rival.begin_at(monkeypatch, credentials, "_is_taken")

    signed_in.post(confirm_link(change))
    rival.finish()

    assert User.objects.filter(email=NEW).exists()
    assert isinstance(rival.failure, credentials.StaleLinkError)
    assert EmailChangeRequest.objects.get().stopped_at is None


def suppress(address=OLD):
    return Suppression.objects.create(address=address, reason="hard_bounce", since=NOON)


@in_each_language
def test_an_owner_who_cannot_be_reached_is_told_in_the_account(signed_in, language):
    before = [signed_in.get(f"/{language}/account/{name}").content.decode() for name in PLACES]
    suppress()

    for name, former in zip(PLACES, before, strict=True):
        page = Page(signed_in.get(f"/{language}/account/{name}"))
        assert page.faults == []
        assert "note" in page.text
        assert OLD not in former or page.text.count(OLD) > former.count(OLD)


def test_an_address_that_bounced_is_confirmed_again_by_its_owner(signed_in, erika):
    refused = signed_in.post(EMAIL, {"email": OLD, "current": PASSWORD})
    suppression = suppress()

    signed_in.post(EMAIL, {"email": OLD, "current": PASSWORD})
    asked = [recipients_of(f"account.{name}") for name in ("new_address", "email_change_requested")]
    signed_in.post(link())

    suppression.refresh_from_db()
    erika.refresh_from_db()
    assert refused.status_code == 422
    assert asked == [[OLD], []]
    assert (suppression.lift_reason, erika.email) == ("confirmed by its owner", OLD)
    assert recipients_of("account.email_changed") == []
    assert is_in(signed_in)
