"""An e-mail change is announced to the old address at once, which may stop it."""

from __future__ import annotations

import pytest
from django.test import Client

from notifications.models import Event
from notifications.sealed_links import with_link
from storefront.accounts import credentials
from storefront.accounts.models import AddressChange, User
from tests.factories.accounts import PASSWORD, make_shopper, sign_in
from tests.factories.suppliers import NOON
from tests.storefront.web.page_parser import Page
from tests.support.concurrency import Rival

pytestmark = pytest.mark.django_db
NEW, OLD = "thief@example.org", "erika@example.org"
EMAIL = "/en/account/email/"


@pytest.fixture
def hers(customer, light):
    make_shopper(OLD)
    sign_in(customer)
    return customer


def ask(hers, email=NEW):
    hers.post(EMAIL, {"email": email, "current": PASSWORD})
    return AddressChange.objects.latest("pk")


def take_link(change):
    return f"{EMAIL}{change.key}/"


def stop_link():
    told = Event.objects.filter(name="account.address_asked").latest("pk")
    return with_link(told.payload)["url"].partition("//")[2].partition("/")[2].join(["/", ""])


def stranger():
    return Client(HTTP_SEC_FETCH_SITE="same-origin")


def test_old_address_is_notified_of_the_request(hers):
    ask(hers)

    told = Event.objects.get(name="account.address_asked")

    assert told.payload["email"] == OLD
    assert told.payload["new_email"] == NEW
    assert told.payload["time"] == "12:00"


def test_old_address_is_notified_even_if_the_new_one_has_an_account(hers):
    make_shopper(NEW)
    ask(hers)

    assert Event.objects.filter(name="account.address_asked").count() == 1


def test_link_stops_the_change_without_sign_in_and_changes_nothing_else(hers):
    change = ask(hers)
    before = User.objects.values().get(email=OLD)

    answer = stranger().post(stop_link(), follow=True)

    assert "The change is stopped." in answer.content.decode()
    assert hers.post(take_link(change)).status_code == 404
    assert User.objects.values().get(email=OLD) == before
    assert hers.get("/en/account/").status_code == 200, "the sessions go on"


def test_link_scanner_stops_nothing(hers):
    change = ask(hers)
    stranger().get(stop_link())

    hers.post(take_link(change))

    assert User.objects.filter(email=NEW).exists()


@pytest.mark.parametrize("language", ["en", "az"])
def test_page_is_valid_before_and_after(hers, language):
    ask(hers)
    path = stop_link().replace("/en/", f"/{language}/")

    for _ in range(2):
        assert Page(stranger().get(path)).faults == []
        stranger().post(path)


def test_link_works_once_and_for_its_own_change_only(hers):
    ask(hers)
    first = stop_link()
    stranger().post(first)
    at = AddressChange.objects.get().stopped_at
    second = ask(hers, "third@example.org")

    stranger().post(first)

    assert AddressChange.objects.first().stopped_at == at
    hers.post(take_link(second))
    assert User.objects.filter(email="third@example.org").exists()


def test_stopped_change_does_not_revive_an_earlier_one(hers):
    first = ask(hers)
    ask(hers, "third@example.org")
    stranger().post(stop_link())

    assert hers.post(take_link(first)).status_code == 404
    assert User.objects.filter(email=OLD).exists()


def test_late_stop_says_so(hers):
    change = ask(hers)
    hers.post(take_link(change))

    answer = stranger().post(stop_link(), follow=True)

    assert answer.status_code == 404
    assert "write to us at once" in answer.content.decode()
    assert User.objects.filter(email=NEW).exists()


def test_link_cannot_be_forged(hers):
    change = ask(hers)
    signed = stop_link()

    for forged in (
        f"{EMAIL}stop/{change.pk}/",
        signed.replace("stop/", "stop/x"),
        signed[:-3] + "/",
    ):
        assert stranger().post(forged, follow=True).status_code == 404
    assert AddressChange.objects.get().stopped_at is None


@pytest.mark.django_db(transaction=True)
def test_concurrent_stop_waits_and_is_too_late(hers, monkeypatch):
    """Without the lock the stop would write between check and change, and break the change."""
    change = ask(hers)
    token = stop_link().rstrip("/").rpartition("/")[2]
    rival = Rival(lambda: credentials.stop(token=token, now=NOON))
    is_taken = credentials._is_taken

    def in_the_middle(email, user):
        rival.begin()
        return is_taken(email, user)

    monkeypatch.setattr(credentials, "_is_taken", in_the_middle)
    hers.post(take_link(change))
    rival.finish()

    assert User.objects.filter(email=NEW).exists()
    assert isinstance(rival.failure, credentials.StaleLinkError)
    assert AddressChange.objects.get().stopped_at is None
