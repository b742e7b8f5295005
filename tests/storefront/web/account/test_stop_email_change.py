"""An e-mail change is announced to the old address, whose owner can stop it."""

import pytest
from django.test import Client

from notifications.models import Event
from notifications.sealed_links import decrypt_link
from storefront.accounts import credentials
from storefront.accounts.models import EmailChangeRequest, User
from tests.factories.accounts import PASSWORD, make_shopper
from tests.factories.suppliers import NOON
from tests.storefront.web.page_parser import Page, in_each_language
from tests.support.concurrency import Rival

pytestmark = pytest.mark.django_db
NEW, OLD = "thief@example.org", "erika@example.org"
EMAIL = "/en/account/email/"


def request_change(signed_in, email=NEW):
    signed_in.post(EMAIL, {"email": email, "current": PASSWORD})
    return EmailChangeRequest.objects.latest("pk")


def take_link(change):
    return f"{EMAIL}{change.key}/"


def stop_link():
    told = Event.objects.filter(name="account.email_change_requested").latest("pk")
    return decrypt_link(told.payload)["url"].partition("//")[2].partition("/")[2].join(["/", ""])


def other_browser():
    return Client(HTTP_SEC_FETCH_SITE="same-origin")


@pytest.mark.parametrize("has_account", [False, True])
def test_old_address_is_notified_of_the_request(signed_in, has_account):
    if has_account:
        make_shopper(NEW)
    request_change(signed_in)

    told = Event.objects.get(name="account.email_change_requested").payload

    assert (told["email"], told["new_email"], told["time"]) == (OLD, NEW, "12:00")


def test_link_stops_the_change_without_sign_in_and_changes_nothing_else(signed_in):
    change = request_change(signed_in)
    before = User.objects.values().get(email=OLD)

    answer = other_browser().post(stop_link(), follow=True)

    assert "The change is stopped." in answer.content.decode()
    assert signed_in.post(take_link(change)).status_code == 404
    assert User.objects.values().get(email=OLD) == before
    assert signed_in.get("/en/account/").status_code == 200, "the sessions go on"


@in_each_language
def test_page_is_valid_before_and_after(signed_in, language):
    request_change(signed_in)
    path = stop_link().replace("/en/", f"/{language}/")

    for _ in range(2):
        assert Page(other_browser().get(path)).faults == []
        other_browser().post(path)


def test_link_works_once_and_for_its_own_change_only(signed_in):
    request_change(signed_in)
    first = stop_link()
    other_browser().post(first)
    at = EmailChangeRequest.objects.get().stopped_at
    second = request_change(signed_in, "third@example.org")

    other_browser().post(first)

    assert EmailChangeRequest.objects.first().stopped_at == at
    signed_in.post(take_link(second))
    assert User.objects.filter(email="third@example.org").exists()


def test_stopped_change_does_not_revive_an_earlier_one(signed_in):
    first = request_change(signed_in)
    request_change(signed_in, "third@example.org")
    other_browser().post(stop_link())

    assert signed_in.post(take_link(first)).status_code == 404
    assert User.objects.filter(email=OLD).exists()


def test_link_scanner_stops_nothing_and_a_late_stop_says_so(signed_in):
    change = request_change(signed_in)
    other_browser().get(stop_link())
    signed_in.post(take_link(change))

    answer = other_browser().post(stop_link(), follow=True)

    assert answer.status_code == 404
    assert "contact us immediately" in answer.content.decode()
    assert User.objects.filter(email=NEW).exists()


def test_link_cannot_be_forged(signed_in):
    change = request_change(signed_in)
    signed = stop_link()

    for forged in (
        f"{EMAIL}stop/{change.pk}/",
        signed.replace("stop/", "stop/x"),
        signed[:-3] + "/",
    ):
        assert other_browser().post(forged, follow=True).status_code == 404
    assert EmailChangeRequest.objects.get().stopped_at is None


@pytest.mark.django_db(transaction=True)
def test_concurrent_stop_waits_and_is_too_late(signed_in, monkeypatch):
    """Without the lock the stop would write between check and change, and break the change."""
    change = request_change(signed_in)
    token = stop_link().rstrip("/").rpartition("/")[2]
    rival = Rival(lambda: credentials.stop_email_change(token=token, now=NOON))
    rival.begin_at(monkeypatch, credentials, "_is_taken")

    signed_in.post(take_link(change))
    rival.finish()

    assert User.objects.filter(email=NEW).exists()
    assert isinstance(rival.failure, credentials.StaleLinkError)
    assert EmailChangeRequest.objects.get().stopped_at is None
