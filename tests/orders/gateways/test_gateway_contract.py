"""Gateway contract: behavior that Stripe and the in-memory gateway share."""

from contextlib import closing
from decimal import Decimal

import pytest

from orders.gateways import UnknownGatewayError, gateway_for
from orders.gateways.base import CaptureMode, UnknownAtGatewayError
from orders.gateways.stripe.gateway import StripeGateway
from storefront.dev.sandboxes.in_memory_gateway import InMemoryGateway
from storefront.lib.http.errors import PermanentError
from storefront.lib.money import Money
from tests.fakes.stripe_server import KEY

TOTAL = Money(Decimal("64.99"), "EUR")
BACK = "http://shop.example/back/"


# A sale that was captured elsewhere is never opened here.
@pytest.fixture(params=[CaptureMode.MULTIPLE, CaptureMode.SINGLE])
def mode(request):
    return request.param


@pytest.fixture(params=["fake", "stripe"])
def gateway(request, mode):
    if request.param == "fake":
        yield InMemoryGateway(capture_mode=mode)
        return
    stripe = request.getfixturevalue("stripe")
    stripe.control("account", {"many": mode is CaptureMode.MULTIPLE})
    with closing(StripeGateway(base_url=stripe.url, secret=KEY)) as gateway:
        yield gateway


@pytest.fixture
def pay(request, gateway):
    """Pay at the gateway's page as the customer does."""
    if isinstance(gateway, InMemoryGateway):
        return lambda payment: gateway.authorize(payment.reference)
    stripe = request.getfixturevalue("stripe")
    return lambda payment: stripe.pay(payment.pay_url)


@pytest.fixture
def paid(gateway, pay):
    payment = opened(gateway)
    pay(payment)
    return payment.reference


def opened(gateway, key="pay:FL-1:1"):
    return gateway.open(key=key, amount=TOTAL, description="FL-1", return_url=BACK, locale="az")


def euros(amount):
    return Money(Decimal(amount), "EUR")


def reported(gateway, reference):
    return [(update.kind.value, update.amount) for update in gateway.history(reference=reference)]


def sums(gateway, reference):
    balance = gateway.balance(reference=reference)
    amounts = [balance.authorized, balance.held, balance.captured, balance.refunded]
    return [f"{money.amount:.2f}" for money in amounts]


def test_a_key_opens_one_payment_whose_authorization_is_reported_after_it_is_paid(
    gateway, pay, mode
):
    payment = opened(gateway)
    assert opened(gateway) == payment
    assert opened(gateway, key="pay:FL-1:2") != payment
    before = reported(gateway, payment.reference)
    pay(payment)

    (update,) = gateway.history(reference=payment.reference)
    assert before == []
    assert (update.kind.value, update.amount) == ("authorized", TOTAL)
    assert update.capture_mode == mode
    assert (update.capture_before - update.occurred_at).days == 7
    assert sums(gateway, payment.reference) == ["64.99", "64.99", "0.00", "0.00"]


def test_the_authorization_is_reported_without_later_events(gateway, pay):
    payment = opened(gateway)
    before = gateway.authorization(reference=payment.reference)
    pay(payment)

    assert before == ()
    after = gateway.authorization(reference=payment.reference)
    assert after == gateway.history(reference=payment.reference)


def test_a_capture_is_refunded_in_parts_once_under_each_key(gateway, paid):
    gateway.capture(reference=paid, amount=TOTAL, key="capture:1", is_last=True)
    answers = [gateway.refund(reference=paid, amount=euros("5"), key="refund:1") for _ in range(2)]
    update = gateway.history(reference=paid)[-1]
    assert {answer.external_id for answer in answers} == {update.external_id}
    assert update.request_key == "refund:1"

    gateway.refund(reference=paid, amount=euros("59.99"), key="refund:2")

    authorized, captured, *refunds = reported(gateway, paid)
    assert (authorized, captured) == (("authorized", TOTAL), ("captured", TOTAL))
    assert set(refunds) == {("refunded", euros("5")), ("refunded", euros("59.99"))}
    assert sums(gateway, paid) == ["64.99", "0.00", "64.99", "64.99"]


def test_several_captures_need_an_account_that_allows_them(gateway, paid, mode):
    def capture(number):
        return gateway.capture(reference=paid, amount=euros("20"), key=f"capture:{number}")

    if mode is CaptureMode.SINGLE:
        with pytest.raises(PermanentError) as refused:
            capture(1)
        assert not refused.value.is_outcome_unknown
        assert reported(gateway, paid) == [("authorized", TOTAL)]
        return
    answers = [capture(1), capture(2)]

    (_, update) = gateway.history(reference=paid)
    assert [answer.amount for answer in answers] == [euros("20"), euros("40")]
    assert {answer.external_id for answer in answers} == {update.external_id}
    assert (update.amount, update.is_total) == (euros("40"), True)
    assert sums(gateway, paid) == ["64.99", "24.99", "40.00", "0.00"]
    gateway.release(reference=paid, amount=euros("24.99"), key="release:1")
    assert reported(gateway, paid)[-1] == ("voided", euros("24.99"))


def test_a_void_of_any_amount_voids_the_whole_remainder(gateway, paid):
    answer = gateway.release(reference=paid, amount=euros("1"), key="release:1")

    with pytest.raises(PermanentError) as refused:
        gateway.capture(reference=paid, amount=TOTAL, key="capture:1", is_last=True)

    assert not refused.value.is_outcome_unknown
    assert reported(gateway, paid)[-1] == (answer.kind.value, answer.amount) == ("voided", TOTAL)
    assert sums(gateway, paid)[1:] == ["0.00", "0.00", "0.00"]


def test_captures_and_refunds_are_limited(gateway, paid):
    with pytest.raises(PermanentError):
        gateway.capture(reference=paid, amount=euros("65"), key="capture:1", is_last=True)
    gateway.capture(reference=paid, amount=euros("10"), key="capture:2", is_last=True)
    assert reported(gateway, paid)[1:] == [("captured", euros("10")), ("voided", euros("54.99"))]
    gateway.refund(reference=paid, amount=euros("6"), key="refund:1")

    with pytest.raises(PermanentError):
        gateway.refund(reference=paid, amount=euros("4.01"), key="refund:2")

    assert sums(gateway, paid) == ["64.99", "0.00", "10.00", "6.00"]


def test_an_unpaid_payment_holds_and_moves_no_money(gateway):
    reference = opened(gateway).reference

    for move in (gateway.capture, gateway.release, gateway.refund):
        with pytest.raises(PermanentError):
            move(reference=reference, amount=euros("1"), key="k")

    assert gateway.history(reference=reference) == ()
    assert not gateway.balance(reference=reference).has_money
    assert sums(gateway, reference) == ["0.00"] * 4


def test_an_abandoned_page_takes_no_card_and_a_paid_payment_stays_authorized(gateway, pay, paid):
    other = opened(gateway, key="pay:FL-1:2")
    for reference in (paid, other.reference):
        gateway.abandon(reference=reference, key=f"abandon:{reference}")
    pay(other)

    assert reported(gateway, other.reference) == [("expired", TOTAL)]
    assert reported(gateway, paid) == [("authorized", TOTAL)]


def test_a_payment_missing_at_the_gateway_is_unknown(gateway):
    with pytest.raises(UnknownAtGatewayError):
        gateway.balance(reference="cs_test_never_seen")


@pytest.mark.usefixtures("stripe")
@pytest.mark.parametrize("name", ["fake", "stripe"])
def test_the_shop_finds_its_gateway_by_name_and_keeps_it_open(name):
    assert gateway_for(name) is gateway_for(name)
    with pytest.raises(UnknownGatewayError):
        gateway_for("no such gateway")
