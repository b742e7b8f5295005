"""Two-factor sign-in of staff: it cannot be bypassed, and lost factors can be reset."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.urls import reverse

from storefront.accounts.models import LoginAttempts, TwoFactorEvent, User
from storefront.accounts.two_factor import enrollment
from storefront.lib.security.encryption import decrypt
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel
from tests.factories.suppliers import NOON
from tests.storefront.accounts.test_two_factor import code_at, with_app

pytestmark = pytest.mark.django_db
PASSWORD = "a good password"
LATER = NOON + timedelta(minutes=2)
SIGN_IN = "/admin/factors/sign-in/"


@pytest.fixture
def clock():
    with time_machine.travel(LATER, tick=False) as clock:
        yield clock


@pytest.fixture
def person(clock):
    return User.objects.create_superuser("staff@fara.example", PASSWORD)


def enter_password(client, email="staff@fara.example"):
    return client.post(
        reverse("admin:login"), {"username": email, "password": PASSWORD, "next": "/admin/"}
    )


def is_in(client):
    return client.get("/admin/").status_code == 200


def test_user_is_anonymous_before_the_second_factor(client, person):
    with_app(person)
    enter_password(client)

    for path in ("/admin/", "/admin/orders/order/", "/admin/scorecards/", "/admin/supply/alerts/"):
        answer = client.get(path)
        assert answer.status_code == 302, path
        assert answer.url.startswith(SIGN_IN), path
    assert not client.get("/en/").wsgi_request.user.is_authenticated
    assert client.get("/admin/password_change/").url.startswith(SIGN_IN)
    assert client.post("/admin/factors/codes/").url.startswith(SIGN_IN)
    assert client.get("/admin/factors/again/").url.startswith(reverse("admin:login"))


@pytest.mark.parametrize(
    ("target", "url"),
    [("/admin/orders/order/", "/admin/orders/order/"), ("https://evil.example/admin/", "/admin/")],
)
def test_right_code_signs_in_to_a_staff_page_and_a_wrong_one_does_not(client, person, target, url):
    with_app(person)
    enter_password(client)

    wrong = client.post(SIGN_IN, {"code": "000000"})
    assert wrong.status_code == 422
    assert not is_in(client)
    right = client.post(SIGN_IN, {"code": code_at(LATER), "next": target})

    assert right.url == url
    assert is_in(client)


def test_half_signed_in_session_expires(client, person, clock):
    with_app(person)
    enter_password(client)
    clock.shift(timedelta(minutes=11))

    answer = client.post(SIGN_IN, {"code": code_at(LATER + timedelta(minutes=11))})

    assert answer.url.startswith(reverse("admin:login"))
    assert not is_in(client)


def test_first_factor_ends_access_of_other_sessions(client, person, client_factory):
    other = client_factory()
    enter_password(other)
    assert is_in(other)

    with_app(person)

    assert not is_in(other)


def test_required_factor_is_set_up_first(client, person, settings):
    settings.STAFF_SECOND_FACTOR = True
    enter_password(client)
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/admin/factors/"

    client.get("/admin/factors/app/")
    secret = decrypt(client.session["new_app"])["secret"]
    answer = client.post("/admin/factors/app/", {"code": code_at(LATER, secret)})

    shown = re.findall(r"<code>(\d+)</code>", answer.content.decode())
    assert len(shown) == 10
    assert is_in(client)
    assert shown[0] not in client.get("/admin/factors/").content.decode()
    client.post("/admin/logout/")
    enter_password(client)
    assert not is_in(client)
    client.post(SIGN_IN, {"code": shown[0]})
    assert is_in(client)


def test_factors_change_only_after_recent_authentication(client, person, clock):
    with_app(person)
    enter_password(client)
    client.post(SIGN_IN, {"code": code_at(LATER)})
    clock.shift(timedelta(minutes=11))
    factor = Authenticator.objects.get()

    stale = client.post(f"/admin/factors/{factor.pk}/drop/")
    assert stale.url.startswith("/admin/factors/again/")
    assert Authenticator.objects.exists()
    code = code_at(LATER + timedelta(minutes=11))
    client.post("/admin/factors/again/", {"code": code, "next": "/admin/factors/"})
    client.post(f"/admin/factors/{factor.pk}/drop/")

    assert not Authenticator.objects.exists()


def test_recovery_code_file_has_the_codes(client, person):
    with_app(person)
    enter_password(client)
    client.post(SIGN_IN, {"code": code_at(LATER)})

    page = client.post("/admin/factors/codes/").content.decode()

    (file,) = re.findall(r'href="(data:text/plain[^"]+)" download="', page)
    codes = re.findall(r"<code>(\d+)</code>", page)
    assert len(codes) == 10
    assert all(code in file for code in codes)


def test_failed_login_form_does_not_replace_entering_the_password_again(client, person, clock):
    enter_password(client)
    clock.shift(timedelta(minutes=30))

    for sent in ({}, {"username": person.email, "password": "wrong"}):
        client.post(reverse("admin:login"), sent)
        assert client.get("/admin/factors/app/").url.startswith("/admin/factors/again/")
    wrong = client.post("/admin/factors/again/", {"password": "wrong"})
    right = client.post("/admin/factors/again/", {"password": PASSWORD})
    assert (wrong.status_code, right.status_code) == (422, 302)
    assert client.get("/admin/factors/app/").status_code == 200

    clock.shift(timedelta(minutes=30))
    enter_password(client)
    assert client.get("/admin/factors/app/").status_code == 200


def test_app_whose_secret_was_never_shown_is_not_added(client, person):
    enter_password(client)

    answer = client.post("/admin/factors/app/", {"code": "328482"})  # the code of an empty secret

    assert answer.url == "/admin/factors/app/"
    assert not Authenticator.objects.exists()


def test_attempts_of_one_user_do_not_count_for_another(client, person):
    with_app(person)
    for typed in ("second factor of {}", "second factor\n{}", "{}"):
        known = {"username": typed.format(person.pk), "password": "x", "next": "/admin/"}
        for _ in range(8):
            client.post(reverse("admin:login"), known)
    enter_password(client)

    client.post(SIGN_IN, {"code": code_at(LATER), "next": "/admin/"})

    assert is_in(client)


def test_reset_has_a_reason_and_ends_every_session(client, person, client_factory):
    make_channel()  # the error page is the shop's
    with_app(person)
    enter_password(client)
    client.post(SIGN_IN, {"code": code_at(LATER)})
    assert is_in(client)
    boss, clerk = client_factory(), client_factory()
    boss.force_login(User.objects.create_superuser("boss@fara.example", PASSWORD))
    clerk.force_login(make_staff("clerk"))
    url = reverse("admin:accounts_user_reset_factors", args=[person.pk])

    assert clerk.post(url, {"reason": "x"}).status_code == 403
    assert boss.post(url, {"reason": ""}).status_code == 200
    assert enrollment.has_any(person)
    boss.post(url, {"reason": "phone lost, called back"})

    assert not is_in(client)
    assert TwoFactorEvent.objects.latest("pk").reason == "phone lost, called back"
    enter_password(client)
    assert is_in(client)


def test_forged_passkey_is_not_added_and_does_not_sign_in(client, person, client_factory):
    forged = ["", "{}", "[]", "not json", '{"id": 1}', "null", "[" * 100_000]
    signed_in = client_factory()
    enter_password(signed_in)

    for answer in forged:
        response = signed_in.post("/admin/factors/passkey/", {"credential": answer})
        assert (response.status_code, Authenticator.objects.exists()) == (422, False), answer[:9]
    with_app(person)
    enter_password(client)
    for answer in forged:
        LoginAttempts.objects.all().delete()
        response = client.post(SIGN_IN, {"credential": answer})
        assert (response.status_code, is_in(client)) == (422, False), answer[:9]
