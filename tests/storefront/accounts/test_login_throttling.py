import contextlib
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import authenticate
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from storefront.accounts import login_throttling
from storefront.accounts.models import LoginAttempts, User
from storefront.lib.security.client_ip import client_address, client_network
from tests.factories.suppliers import NOON
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db
KNOWN = {"account": "a@b.example", "network": "192.0.2.0/24"}


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


def attempt(account="staff@fara.example", address="192.0.2.7", password="a good password"):
    """Authenticate as the sign-in page does; return the user or None."""
    request = RequestFactory().get("/", REMOTE_ADDR=address)
    return authenticate(request, username=account, password=password)


def guess(account="staff@fara.example", address="192.0.2.7"):
    assert attempt(account, address, "a wrong password") is None


def is_blocked(account="staff@fara.example", address="192.0.2.7"):
    network = client_network(RequestFactory().get("/", REMOTE_ADDR=address))
    now = timezone.now()
    return login_throttling.blocked_until(account=account, network=network, now=now) is not None


def words(response):
    return str(response.context["form"].non_field_errors())


def test_right_password_waits_after_five_failures(client, person):
    with time_machine.travel(NOON, tick=False) as clock:
        fail(client, 5)

        locked = sign_in(client)
        clock.shift(timedelta(seconds=16))
        later = sign_in(client)

    assert locked.status_code == 200
    assert "Too many attempts" in words(locked)
    assert later.status_code == 302


def test_wait_grows_with_each_failure_up_to_a_maximum():
    waits = []
    now = NOON
    for _ in range(16):
        login_throttling.count_attempt(**KNOWN, now=now)
        until = login_throttling.blocked_until(**KNOWN, now=now)
        waits.append((until - now).total_seconds() if until else 0)
        now = until or now

    assert waits[:8] == [0, 0, 0, 0, 15, 30, 60, 120]
    assert waits[-1] == login_throttling.MAX_WAIT.total_seconds()


def test_attempts_during_a_wait_do_not_extend_it():
    for _ in range(5):
        login_throttling.count_attempt(**KNOWN, now=NOON)
    first = login_throttling.blocked_until(**KNOWN, now=NOON)

    for _ in range(10):
        with pytest.raises(login_throttling.TooManyAttemptsError):
            login_throttling.count_attempt(**KNOWN, now=NOON)

    assert first == login_throttling.blocked_until(**KNOWN, now=NOON)


def test_network_that_tries_many_accounts_waits(person):
    for number in range(login_throttling.NETWORK.free):
        guess(f"guest{number}@fara.example")

    assert attempt(address="192.0.2.99") is None
    assert is_blocked(address="192.0.2.99")
    assert attempt(address="198.51.100.1") == person


def test_unknown_account_is_answered_like_a_known_one_and_success_resets_failures(client, person):
    fail(client, 4)
    assert sign_in(client).status_code == 302
    client.logout()
    fail(client, 4)
    assert sign_in(client).status_code == 302
    client.logout()

    known, unknown = fail(client, 1), fail(client, 1, email="unknown@fara.example")
    locked, locked_too = fail(client, 5), fail(client, 5, email="unknown@fara.example")

    assert words(known) == words(unknown)
    assert words(locked) == words(locked_too)


def test_users_of_one_network_with_right_passwords_are_never_refused():
    for number in range(login_throttling.NETWORK.free + 5):
        known = {"account": f"person{number}@fara.example", "network": "192.0.2.0/24"}
        login_throttling.count_attempt(**known, now=NOON)
        login_throttling.record_success(**known, now=NOON)


def test_attacker_does_not_lock_the_owner_out_of_another_network(person):
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(30):  # one guess after each wait, for hours
            guess(address="203.0.113.66")
            clock.shift(login_throttling.MAX_WAIT)
        for _ in range(6):
            guess(address="203.0.113.66")

        assert attempt(address="203.0.113.66") is None
        assert is_blocked(address="203.0.113.66")
        assert attempt() == person


def test_guesses_from_many_networks_do_not_delay_a_known_network(person):
    with time_machine.travel(NOON, tick=False):
        assert attempt() == person
        for number in range(login_throttling.ACCOUNT.free):
            guess(address=f"203.0.{number}.1")

        assert attempt(address="203.0.99.1") is None
        assert is_blocked(address="203.0.99.1")
        assert attempt() == person


def test_success_of_one_account_does_not_shorten_the_wait_of_others():
    checked = []
    for number in range(2 * login_throttling.NETWORK.free):
        now = NOON + timedelta(seconds=number)
        for account in (f"guest{number}@fara.example", "own@fara.example"):
            known = {"account": account, "network": "192.0.2.0/24", "now": now}
            with contextlib.suppress(login_throttling.TooManyAttemptsError):
                login_throttling.count_attempt(**known)
                checked.append(account)
                if account == "own@fara.example":
                    login_throttling.record_success(**known)

    guests = [account for account in checked if account.startswith("guest")]
    assert login_throttling.NETWORK.free <= len(guests) < login_throttling.NETWORK.free + 10


def test_failures_leak_one_by_one():
    for _ in range(5):
        login_throttling.count_attempt(**KNOWN, now=NOON)

    later = NOON + 2 * login_throttling.ACCOUNT_IN_NETWORK.leak
    login_throttling.count_attempt(**KNOWN, now=later)
    assert login_throttling.blocked_until(**KNOWN, now=later) is None

    login_throttling.count_attempt(**KNOWN, now=later)
    assert login_throttling.blocked_until(**KNOWN, now=later)


def test_erased_account_leaves_no_counter():
    for network in ("192.0.2.0/24", ""):
        login_throttling.count_attempt(account="a@b.example", network=network, now=NOON)

    login_throttling.delete_account_counters("a@b.example")

    assert LoginAttempts.objects.count() == 1  # the counter of the network


def test_typed_text_is_not_stored(client, person):
    fail(client, 1, email="my password typed into the wrong field")

    kept = " ".join(LoginAttempts.objects.values_list("key", flat=True))
    assert "password" not in kept
    assert LoginAttempts.objects.count() == 3  # account, network, account in the network


@pytest.mark.django_db(transaction=True)
def test_concurrent_attempts_are_counted_one_by_one():
    attempts = [lambda: login_throttling.count_attempt(**KNOWN, now=NOON)] * 12

    refused = all_at_once(attempts, login_throttling.TooManyAttemptsError)

    assert 12 - refused == login_throttling.ACCOUNT_IN_NETWORK.free


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", "192.0.2.7"),  # no trusted proxy wrote that
        (1, "", "192.0.2.7"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),  # the visitor forged the first address
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
    ],
)
def test_only_addresses_of_trusted_proxies_count(settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    headers = {"x-forwarded-for": forwarded} if forwarded else {}

    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="192.0.2.7")

    assert client_address(request) == address


def test_network_is_the_range_of_one_visitor():
    networks = {
        "192.0.2.7": "192.0.2.0/24",
        "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
        "": "",
        "unix:": "unix:",
    }
    for address, network in networks.items():
        assert client_network(RequestFactory().get("/", REMOTE_ADDR=address)) == network
