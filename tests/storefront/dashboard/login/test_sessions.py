"""Staff sessions end by time and by hand; each user sees only their own."""

import json
import logging
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from storefront.accounts import tasks
from storefront.accounts.models import StaffSession, User
from storefront.accounts.staff_sessions import IDLE_LIMIT, LIFETIME
from tests.factories.accounts import PASSWORD, make_shopper, sign_in
from tests.factories.catalog import make_channel
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
SESSIONS = "/admin/factors/sessions/"


@pytest.fixture(autouse=True)
def clock():
    make_channel()
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def clerk():
    return User.objects.create_user("clerk@fara.example", PASSWORD, is_staff=True)


@pytest.fixture
def signed_in(client_factory):
    def open_session(user, **headers):
        client = client_factory(**headers)
        client.post("/admin/login/", {"username": user.email, "password": PASSWORD})
        assert is_in(client)
        return client

    return open_session


def is_in(client):
    return client.get("/admin/").status_code == 200


def session_of(client):
    return StaffSession.objects.get(session_id=client.session.session_key)


def test_session_ends_after_the_idle_limit(signed_in, clerk, clock):
    client = signed_in(clerk)
    for _ in range(2):
        clock.shift(IDLE_LIMIT - timedelta(seconds=1))
        assert is_in(client)

    clock.shift(IDLE_LIMIT)

    assert not client.get("/en/cart/").wsgi_request.user.is_authenticated, (
        "also on pages of the shop"
    )
    assert not is_in(client)
    assert not Session.objects.exists()


def test_session_ends_after_its_lifetime(signed_in, clerk, clock):
    client = signed_in(clerk)
    for _ in range(LIFETIME // timedelta(hours=6) - 1):
        clock.shift(timedelta(hours=6))
        assert is_in(client)

    clock.shift(timedelta(hours=6))

    assert not is_in(client)


def test_request_costs_one_query_and_a_write_a_minute(signed_in, clerk, clock):
    client = signed_in(clerk)

    for seconds, verbs in ((59, ["SELECT"]), (1, ["SELECT", "UPDATE"])):
        clock.shift(timedelta(seconds=seconds))
        with CaptureQueriesContext(connection) as queries:
            client.get("/admin/password_change/")
        found = [one["sql"] for one in queries if "accounts_staffsession" in one["sql"]]
        assert [sql.split()[0] for sql in found] == verbs


def test_customer_stays_signed_in_without_a_query(client, clock):
    make_shopper()
    sign_in(client)
    clock.shift(LIFETIME + IDLE_LIMIT)
    tasks.delete_expired()

    with CaptureQueriesContext(connection) as queries:
        assert client.get("/en/account/").status_code == 200
        client.post("/en/account/sign-out/")
    assert not [one for one in queries if "staffsession" in one["sql"]]


def test_sweep_deletes_ended_sessions(signed_in, clerk, clock):
    signed_in(clerk)
    clock.shift(IDLE_LIMIT)
    fresh = signed_in(clerk)
    tasks.delete_expired()

    assert [one.session_id for one in StaffSession.objects.all()] == [fresh.session.session_key]
    assert Session.objects.count() == 1
    fresh.post("/admin/logout/")
    assert not StaffSession.objects.exists()


def test_own_open_sessions_are_listed_with_browser_and_network(signed_in, clerk):
    signed_in(clerk, headers={"user-agent": FIREFOX}, REMOTE_ADDR="203.0.113.9")

    page = signed_in(clerk).get(SESSIONS).content.decode()

    assert "Firefox, Windows" in page
    assert "203.0.113.0/24" in page
    assert page.count("This session") == 1
    clerk.set_password("another password")
    clerk.save()
    client = signed_in(User.objects.create_superuser("boss@fara.example", PASSWORD))
    assert "No open staff sessions" in client.get(f"{SESSIONS}{clerk.pk}/").content.decode()


def test_one_session_is_ended_after_confirmation(signed_in, clerk):
    here, there = signed_in(clerk), signed_in(clerk)
    url = f"{SESSIONS}{clerk.pk}/{session_of(there).pk}/end/"

    here.get(url)
    assert is_in(there)
    here.post(url)

    assert (is_in(there), is_in(here)) == (False, True)


def test_all_other_sessions_are_ended_and_none_of_another_user(signed_in, clerk):
    here, *others = (signed_in(clerk) for _ in range(3))
    boss = User.objects.create_superuser("boss@fara.example", PASSWORD)
    theirs = signed_in(boss)
    clerk.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))

    assert here.get(f"{SESSIONS}{boss.pk}/").status_code == 403
    assert here.post(f"{SESSIONS}{boss.pk}/end/").status_code == 403
    here.post(f"{SESSIONS}{clerk.pk}/{session_of(theirs).pk}/end/")
    here.post(f"{SESSIONS}{clerk.pk}/end/")

    assert not any(is_in(each) for each in others)
    assert is_in(here)
    assert is_in(theirs)


def test_superuser_ends_all_sessions_of_another_user_and_it_is_logged(
    signed_in, clerk, caplog, django_capture_on_commit_callbacks
):
    theirs = signed_in(clerk), signed_in(clerk)
    superuser = User.objects.create_superuser("boss@fara.example", PASSWORD)
    boss = signed_in(superuser)
    detail = boss.get(f"/admin/accounts/user/{clerk.pk}/change/").content.decode()
    link = reverse("admin:accounts_user_staff_sessions", args=[clerk.pk])
    assert link in detail
    assert "End all" in boss.get(link, follow=True).content.decode()

    with (
        caplog.at_level(logging.INFO, logger="security"),
        django_capture_on_commit_callbacks(execute=True),
    ):
        boss.post(f"{SESSIONS}{clerk.pk}/end/")

    assert not any(is_in(each) for each in theirs)
    assert is_in(boss)
    entry = json.loads(caplog.messages[0])
    assert (entry["event"], entry["actor"]) == ("sessions_ended", f"user:{superuser.pk}")
    assert (entry["what"], entry["count"]) == (f"user:{clerk.pk}", 2)


def test_password_is_asked_again_after_ten_minutes(signed_in, clerk, clock):
    client = signed_in(clerk)
    clock.shift(timedelta(minutes=11))

    for ask, path in (
        (client.get, SESSIONS),
        (client.get, f"{SESSIONS}{clerk.pk}/"),
        (client.post, f"{SESSIONS}{clerk.pk}/end/"),
    ):
        assert ask(path).url.startswith("/admin/factors/again/"), path


def test_user_without_a_factor_sees_no_sessions(signed_in, clerk, settings, client_factory):
    other = signed_in(clerk)
    settings.STAFF_SECOND_FACTOR = True
    client = client_factory()
    client.post("/admin/login/", {"username": clerk.email, "password": PASSWORD})

    answer = client.post(f"{SESSIONS}{clerk.pk}/end/")

    assert answer.url == "/admin/factors/"
    assert Session.objects.filter(pk=other.session.session_key).exists()
