from __future__ import annotations

from decimal import Decimal

import pytest

from orders.gateways.base import PaymentNews
from storefront.dev.sandboxes.in_memory_gateway import FakeGateway
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money

TOTAL = Money(Decimal("64.99"), "EUR")


@pytest.fixture
def gateway():
    return FakeGateway()


@pytest.fixture
def paid(gateway):
    reference = open_at(gateway).reference
    gateway.authorize(reference)
    return reference


def open_at(gateway, key="pay:1"):
    return gateway.open(
        key=key, amount=TOTAL, description="FL-1", return_url="http://shop.example/", locale="en"
    )


def euros(amount):
    return Money(Decimal(amount), "EUR")


def test_amounts_are_limited_as_by_a_real_gateway(gateway, paid):
    gateway.capture(reference=paid, amount=euros("60"), key="capture:1")

    with pytest.raises(PermanentError):
        gateway.release(reference=paid, amount=euros("5"), key="release:1")
    with pytest.raises(PermanentError):
        gateway.refund(reference=paid, amount=euros("60.01"), key="refund:1")

    assert [update.news for update in gateway.history(reference=paid)] == ["authorized", "captured"]


def test_idempotency_key_works_for_one_request(gateway, paid):
    first = gateway.capture(reference=paid, amount=euros("10"), key="capture:1")

    assert gateway.capture(reference=paid, amount=euros("10"), key="capture:1") == first
    with pytest.raises(PermanentError):
        gateway.capture(reference=paid, amount=euros("11"), key="capture:1")
    with pytest.raises(PermanentError):
        gateway.release(reference=paid, amount=euros("10"), key="capture:1")

    assert gateway.payments[paid].sum_of(PaymentNews.CAPTURED) == euros("10")


def test_injected_error_happens_once_without_effect(gateway, paid):
    gateway.troubles.append(TemporaryError("away"))

    with pytest.raises(TemporaryError):
        gateway.capture(reference=paid, amount=euros("10"), key="capture:1")

    assert len(gateway.history(reference=paid)) == 1
    gateway.capture(reference=paid, amount=euros("10"), key="capture:1")
    assert len(gateway.history(reference=paid)) == 2


@pytest.mark.parametrize("end", ["decline", "expire"])
def test_unauthorized_payments_cannot_be_captured(gateway, end):
    reference = open_at(gateway).reference
    getattr(gateway, end)(reference)

    with pytest.raises(PermanentError):
        gateway.capture(reference=reference, amount=euros("1"), key="capture:1")


def test_unknown_payment_is_rejected(gateway):
    with pytest.raises(PermanentError):
        gateway.history(reference="none")
