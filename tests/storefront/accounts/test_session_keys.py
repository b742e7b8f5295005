"""Session fixation: the session key changes at each step of signing in."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.urls import reverse

from notifications.models import Event
from notifications.sealed_links import decrypt_link
from storefront.accounts.models import User
from storefront.accounts.two_factor import passkeys
from storefront.lib.security.encryption import decrypt
from tests.factories.accounts import PASSWORD, make_shopper, sign_in
from tests.factories.catalog import make_channel
from tests.factories.suppliers import NOON
from tests.storefront.accounts.test_two_factor import code_at, with_app

pytestmark = pytest.mark.django_db
SECOND = "/admin/factors/sign-in/"
LATER = NOON + timedelta(minutes=2)


@pytest.fixture(autouse=True)
def later():
    make_channel()
    with time_machine.travel(LATER, tick=False):
        yield


def staff():
    return User.objects.create_superuser("boss@fara.example", PASSWORD)


def enter_password(client):
    return client.post(
        reverse("admin:login"), {"username": "boss@fara.example", "password": PASSWORD}
    )


def start(client):
    """Open an anonymous session, as an attacker would plant it."""
    session = client.session
    session["seen"] = True
    session.save()


def staff_password(client, _monkeypatch):
    staff()
    start(client)
    yield
    enter_password(client)


def second_factor(client, _monkeypatch):
    with_app(staff())
    enter_password(client)
    yield
    client.post(SECOND, {"code": code_at(LATER)})


def passkey(client, monkeypatch):
    with_app(staff())
    enter_password(client)
    monkeypatch.setattr(passkeys, "verify", lambda **_known: None)
    yield
    client.post(SECOND, {"credential": "{}"})


def first_factor(client, _monkeypatch):
    staff()
    enter_password(client)
    client.get("/admin/factors/app/")
    secret = decrypt(client.session["new_app"])["secret"]
    yield
    client.post("/admin/factors/app/", {"code": code_at(LATER, secret)})


def customer_password(client, _monkeypatch):
    make_shopper()
    start(client)
    yield
    sign_in(client)


def customer_new_password(client, _monkeypatch):
    make_shopper()
    sign_in(client)
    yield
    form = {"current": PASSWORD, "password": "another lamp"}
    client.post("/en/account/profile/password/", form)


# Each function signs in and pauses before the step that must change the session key.
SIGN_IN_STEPS = [
    staff_password,
    second_factor,
    passkey,
    first_factor,
    customer_password,
    customer_new_password,
]


@pytest.mark.parametrize(
    "sign_in_step", SIGN_IN_STEPS, ids=lambda sign_in_step: sign_in_step.__name__
)
def test_session_key_changes_at_each_sign_in_step(client, monkeypatch, sign_in_step):
    steps = sign_in_step(client, monkeypatch)
    next(steps)
    before = client.session.session_key

    next(steps, None)

    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()
    home = "/en/account/" if "customer" in sign_in_step.__name__ else "/admin/"
    assert client.get(home).status_code == 200


def test_password_reset_ends_earlier_sessions(client, client_factory):
    make_shopper()
    sign_in(client)
    client.get("/en/account/")
    forgetful = client_factory()
    forgetful.post("/en/account/password/", {"email": "erika@example.org"})
    link = decrypt_link(Event.objects.latest("pk").payload)["url"]
    forgetful.post(link[link.index("/en/") :], {"password": "another lamp"})

    assert client.get("/en/account/").status_code == 302
