"""In-memory gateway: behavior that the tests of all gateways (tests/orders/gateways) omit."""

from decimal import Decimal

import pytest

from storefront.dev.sandboxes.in_memory_gateway import InMemoryGateway
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money

TOTAL = Money(Decimal("64.99"), "EUR")


@pytest.fixture
def gateway():
    return InMemoryGateway()


@pytest.fixture
def paid(gateway):
    return pay(gateway)


def pay(gateway):
    reference = open_at(gateway).reference
    gateway.authorize(reference)
    return reference


def open_at(gateway, key="pay:1"):
    return gateway.open(
        key=key, amount=TOTAL, description="FL-1", return_url="http://shop.example/", locale="en"
    )


def euros(amount):
    return Money(Decimal(amount), "EUR")


def history_of(gateway, reference):
    return [(update.kind.value, update.amount) for update in gateway.history(reference=reference)]


def test_an_error_fails_one_call_and_changes_nothing(gateway, paid):
    gateway.errors.append(TemporaryError("away"))

    with pytest.raises(TemporaryError):
        gateway.capture(reference=paid, amount=euros("10"), key="capture:1")

    assert len(gateway.history(reference=paid)) == 1
    gateway.capture(reference=paid, amount=euros("10"), key="capture:1")
    assert len(gateway.history(reference=paid)) == 2


@pytest.mark.parametrize("end", ["decline", "expire"])
def test_a_declined_or_expired_payment_holds_nothing(gateway, end):
    reference = open_at(gateway).reference
    getattr(gateway, end)(reference)

    with pytest.raises(PermanentError):
        gateway.capture(reference=reference, amount=euros("1"), key="capture:1")
    gateway.authorize(reference)
    taken = "authorized" if end == "decline" else "expired"  # a declined page takes another card
    assert history_of(gateway, reference) == [(taken, TOTAL)]


def test_an_expired_authorization_keeps_what_was_captured(gateway, paid):
    gateway.capture(reference=paid, amount=euros("10"), key="capture:1")

    gateway.expire(paid)

    assert history_of(gateway, paid)[1:] == [("captured", euros("10")), ("expired", euros("54.99"))]
    with pytest.raises(PermanentError):
        gateway.capture(reference=paid, amount=euros("1"), key="capture:2")
