from datetime import timedelta
from decimal import Decimal

import pytest

from orders.gateways.base import CaptureMode
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


def told(gateway, reference):
    return [(update.kind.value, update.amount) for update in gateway.history(reference=reference)]


def test_it_authorizes_for_a_week_in_its_capture_mode():
    for mode in CaptureMode:
        gateway = InMemoryGateway(capture_mode=mode)
        (update,) = gateway.history(reference=pay(gateway))

        assert (update.kind.value, update.amount) == ("authorized", TOTAL)
        assert update.capture_mode is mode
        assert update.capture_before - update.occurred_at == timedelta(days=7)


def test_several_captures_are_reported_as_one_sum_under_one_id(gateway, paid):
    first = gateway.capture(reference=paid, amount=euros("10"), key="capture:1")
    second = gateway.capture(reference=paid, amount=euros("20"), key="capture:2")

    assert (first.amount, second.amount) == (euros("10"), euros("30"))
    assert first.is_total
    assert first.external_id == second.external_id
    assert told(gateway, paid) == [("authorized", TOTAL), ("captured", euros("30"))]


def test_a_void_ends_the_authorization_whatever_its_amount(gateway, paid):
    gateway.capture(reference=paid, amount=euros("60"), key="capture:1")

    gateway.release(reference=paid, amount=euros("1"), key="release:1")

    assert told(gateway, paid)[1:] == [("captured", euros("60")), ("voided", euros("4.99"))]
    with pytest.raises(PermanentError):
        gateway.capture(reference=paid, amount=euros("1"), key="capture:2")
    with pytest.raises(PermanentError):
        gateway.release(reference=paid, amount=euros("1"), key="release:2")


def test_the_last_capture_voids_the_rest_and_a_single_one_must_be_the_last():
    gateway = InMemoryGateway(capture_mode=CaptureMode.SINGLE)
    reference = pay(gateway)
    with pytest.raises(PermanentError):
        gateway.capture(reference=reference, amount=euros("60"), key="capture:1")

    gateway.capture(reference=reference, amount=euros("60"), key="capture:2", is_last=True)

    expected = [("captured", euros("60")), ("voided", euros("4.99"))]
    assert told(gateway, reference)[1:] == expected
    balance = gateway.balance(reference=reference)
    assert (balance.held, balance.captured) == (euros("0"), euros("60"))


def test_no_more_is_captured_or_refunded_than_there_is(gateway, paid):
    with pytest.raises(PermanentError):
        gateway.capture(reference=paid, amount=euros("65"), key="capture:1")
    gateway.capture(reference=paid, amount=euros("60"), key="capture:2")
    gateway.refund(reference=paid, amount=euros("50"), key="refund:1")

    with pytest.raises(PermanentError):
        gateway.refund(reference=paid, amount=euros("10.01"), key="refund:2")

    assert told(gateway, paid)[-1] == ("refunded", euros("50"))


def test_idempotency_key_works_for_one_request(gateway, paid):
    first = gateway.capture(reference=paid, amount=euros("10"), key="capture:1")

    assert gateway.capture(reference=paid, amount=euros("10"), key="capture:1") == first
    with pytest.raises(PermanentError):
        gateway.capture(reference=paid, amount=euros("11"), key="capture:1")
    with pytest.raises(PermanentError):
        gateway.release(reference=paid, amount=euros("10"), key="capture:1")

    assert gateway.balance(reference=paid).captured == euros("10")


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


def test_an_abandoned_page_takes_no_card_and_a_declined_one_takes_another(gateway):
    abandoned, declined = open_at(gateway).reference, open_at(gateway, key="pay:2").reference
    gateway.abandon(reference=abandoned, key="abandon:1")
    gateway.decline(declined)

    for reference in (abandoned, declined):
        gateway.authorize(reference)

    assert told(gateway, abandoned) == [("expired", TOTAL)]
    assert told(gateway, declined) == [("authorized", TOTAL)]


def test_an_expired_authorization_keeps_what_was_captured(gateway, paid):
    gateway.capture(reference=paid, amount=euros("10"), key="capture:1")

    gateway.expire(paid)

    assert told(gateway, paid)[1:] == [("captured", euros("10")), ("expired", euros("54.99"))]
    with pytest.raises(PermanentError):
        gateway.capture(reference=paid, amount=euros("1"), key="capture:2")


def test_an_unknown_payment_is_refused(gateway):
    with pytest.raises(PermanentError):
        gateway.history(reference="none")
