from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import RequestFactory
from django.urls import reverse

from storefront.accounts import login_throttling
from storefront.accounts.models import SignInTries, User
from storefront.lib.security.client_ip import address_of, network_of
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return User.objects.create_superuser("staff@fara.example", "a good password")


def sign_in(client, password="a good password", email="staff@fara.example", address="192.0.2.7"):
    return client.post(
        reverse("admin:login"),
        {"username": email, "password": password, "next": "/admin/"},
        REMOTE_ADDR=address,
    )


def fail(client, times, **known):
    return [sign_in(client, password=f"wrong {number}", **known) for number in range(times)][-1]


def words(response):
    return str(response.context["form"].non_field_errors())


def test_the_right_password_opens_the_door(client, person):
    assert sign_in(client).status_code == 302


def test_after_five_tries_even_the_right_password_must_wait(client, person):
    with time_machine.travel(NOON, tick=False) as clock:
        fail(client, 5)

        locked = sign_in(client)
        clock.shift(timedelta(seconds=16))
        later = sign_in(client)

    assert locked.status_code == 200
    assert "Too many tries" in words(locked)
    assert later.status_code == 302


def test_each_further_failure_waits_longer_and_never_for_ever():
    waits = []
    now = NOON
    for _ in range(16):
        login_throttling.knock(account="a@b.example", network="192.0.2.0/24", now=now)
        until = login_throttling.waits_until(account="a@b.example", network="192.0.2.0/24", now=now)
        waits.append((until - now).total_seconds() if until else 0)
        now = until or now

    assert waits[:8] == [0, 0, 0, 0, 15, 30, 60, 120]
    assert waits[-1] == login_throttling.LONGEST_WAIT.total_seconds()


def test_tries_while_waiting_do_not_make_the_wait_longer():
    for _ in range(5):
        login_throttling.knock(account="a@b.example", network="192.0.2.0/24", now=NOON)
    first = login_throttling.waits_until(account="a@b.example", network="192.0.2.0/24", now=NOON)

    for _ in range(50):
        with pytest.raises(login_throttling.TooManyTriesError):
            login_throttling.knock(account="a@b.example", network="192.0.2.0/24", now=NOON)

    assert first == login_throttling.waits_until(
        account="a@b.example", network="192.0.2.0/24", now=NOON
    )


def test_one_network_that_tries_many_accounts_must_wait(client, person):
    for number in range(login_throttling.FREE_TRIES["network"]):
        fail(client, 1, email=f"somebody{number}@fara.example")

    assert "Too many tries" in words(sign_in(client, address="192.0.2.99"))
    assert sign_in(client, address="198.51.100.1").status_code == 302


def test_an_unknown_account_is_answered_like_a_known_one(client, person):
    known, unknown = fail(client, 1), fail(client, 1, email="nobody@fara.example")
    locked, locked_too = fail(client, 5), fail(client, 5, email="nobody@fara.example")

    assert words(known) == words(unknown)
    assert words(locked) == words(locked_too)


def test_a_success_forgets_the_failures_before_it(client, person):
    fail(client, 4)
    sign_in(client)
    client.logout()

    fail(client, 4)

    assert sign_in(client).status_code == 302


def test_an_hour_later_all_is_forgotten():
    for _ in range(4):
        login_throttling.knock(account="a@b.example", network="n", now=NOON)

    later = NOON + timedelta(hours=1)
    login_throttling.knock(account="a@b.example", network="n", now=later)

    assert login_throttling.waits_until(account="a@b.example", network="n", now=later) is None


def test_what_was_typed_is_not_kept(client, person):
    fail(client, 1, email="my password typed into the wrong field")

    kept = " ".join(SignInTries.objects.values_list("key", flat=True))
    assert "password" not in kept
    assert SignInTries.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_many_tries_at_once_are_counted_one_by_one():
    start, looked_at = threading.Barrier(12), []

    def knock():
        connection.ensure_connection()
        start.wait()
        try:
            login_throttling.knock(account="a@b.example", network="192.0.2.0/24", now=NOON)
            looked_at.append(1)
        except login_throttling.TooManyTriesError:
            looked_at.append(0)
        finally:
            connection.close()

    threads = [threading.Thread(target=knock) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (sum(looked_at), len(looked_at)) == (login_throttling.FREE_TRIES["account"], 12)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", "192.0.2.7"),  # nobody of ours wrote that
        (1, "", "192.0.2.7"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),  # the visitor made up the first one
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
    ],
)
def test_only_what_our_own_proxies_wrote_is_believed(settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    headers = {"x-forwarded-for": forwarded} if forwarded else {}

    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="192.0.2.7")

    assert address_of(request) == address


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_a_network_is_what_one_visitor_can_move_within(address, network):
    assert network_of(RequestFactory().get("/", REMOTE_ADDR=address)) == network
