"""Gateway comparison: compare our ledger with the Stripe sandbox, find each kind of discrepancy."""

from decimal import Decimal

import pytest

from orders.accounting.reconciliation import gateway_comparison, labels, resolution
from orders.gateways import gateway_for
from orders.models import Discrepancy, Order, Payment, PaymentEvent
from storefront.lib.http.errors import TemporaryError
from storefront.lib.money import Money
from tests.support.reconciliation_days import (
    BACK,
    accept,
    accepted,
    compare,
    divided,
    found,
    later,
    open_order,
    paid,
    refresh_from_gateway,
    refund,
    the_one,
    two_sellables,
)

pytestmark = pytest.mark.django_db
PART = Decimal("7.50")


def gateway_of(payment):
    return gateway_for(payment.gateway)


def by_hand(payment, verb, amount, *, is_last=True):
    """Move money at the gateway without the shop's knowledge."""
    money = Money(amount, payment.currency)
    last = {"is_last": is_last} if verb == "capture" else {}
    return getattr(gateway_of(payment), verb)(
        reference=payment.reference, amount=money, key="by hand", **last
    )


def test_an_unpaid_order_is_no_discrepancy(stripe):
    open_order()
    declined = open_order()
    stripe.pay(declined.pay_url, "4000 0000 0000 0002")

    assert compare().status == "reconciled"
    assert found() == []


def test_staff_apply_a_lost_authorization(stripe):
    payment = open_order()
    stripe.pay(payment.pay_url)
    compare()
    difference = the_one()
    assert found() == [("not_with_us", "authorized", None, payment.amount)]
    assert (difference.order_id, difference.payment_id) == (payment.order_id, payment.pk)
    assert resolution.can_apply_lost_event(difference)

    resolution.apply_lost_events(difference=difference, now=later())
    authorizations = PaymentEvent.objects.filter(kind="authorized").count()
    with pytest.raises(resolution.NoLostEventError):
        resolution.apply_lost_events(difference=difference, now=later())

    assert difference.status == "gone"
    assert authorizations == PaymentEvent.objects.filter(kind="authorized").count() == 1
    assert Order.objects.get(pk=payment.order_id).status == "placed"
    assert found() == []


def not_with_us():
    return [row[1:] for row in found() if row[0] == "not_with_us"]


def capture_by_hand(stripe, payment):
    by_hand(payment, "capture", payment.amount)
    return ("captured", None, payment.amount), {"captured_amount": payment.amount}


def authorization_ends(stripe, payment):
    by_hand(payment, "release", payment.amount)
    return ("held", payment.amount, None), {"status": "voided"}


def dispute_begins(stripe, payment):
    accepted(payment)
    stripe.control("dispute", {"id": stripe.intent["id"], "status": "needs_response"})
    return ("disputed", None, payment.amount), {"dispute_status": "charged_back"}


def refund_fails(stripe, payment):
    accepted(payment)
    refund(payment, PART)
    (made,) = stripe.things("refund")
    stripe.control("refund", {"id": made["id"], "status": "failed"})
    return ("refunded", PART, None), {"refunded_amount": 0}


@pytest.mark.parametrize(
    "change", [capture_by_hand, authorization_ends, dispute_begins, refund_fails]
)
def test_a_lost_event_is_found_and_applied(stripe, change):
    payment = paid(stripe)
    lost, stored = change(stripe, payment)

    compare()
    assert not_with_us() == [lost]
    difference = Discrepancy.objects.get(kind="not_with_us")
    if change is authorization_ends:
        assert "no longer holds the authorization" in labels.advice(difference)
    resolution.apply_lost_events(difference=difference, now=later())

    assert Payment.objects.filter(pk=payment.pk, **stored).exists()
    assert difference.status == "gone"
    compare()
    assert not_with_us() == []


def test_a_duplicate_refund_is_a_discrepancy(stripe):
    payment = paid(stripe)
    accepted(payment)
    refund(payment, PART)
    by_hand(payment, "refund", PART)

    compare()

    assert found() == [("twice", "refunded", None, PART)]


def test_a_refund_with_a_lost_answer_is_not_a_duplicate(stripe):
    payment = paid(stripe)
    accepted(payment)
    refund(payment, PART)
    stripe.fault("drop_after", path="POST /v1/.*refund")
    with pytest.raises(TemporaryError):
        refund(payment, PART, purpose="staff:2")

    compare()

    assert found() == [("refund_unbooked", "refunded", None, PART)]


def test_a_payment_missing_at_the_gateway_is_a_discrepancy(stripe):
    payment = paid(stripe)
    stripe.control("reset", {})

    compare()

    assert found() == [("not_at_gateway", "authorized", payment.amount, None)]
    assert not resolution.can_apply_lost_event(the_one())
    assert "right gateway account" in labels.advice(the_one())


def test_a_refund_missing_at_the_gateway_is_a_discrepancy(stripe):
    payment = paid(stripe)
    accepted(payment)
    refund(payment, PART)
    Payment.objects.filter(pk=payment.pk).update(refunded_amount=PART + 2)
    payment.events.create(
        gateway=payment.gateway,
        external_id="re_never",
        kind="refunded",
        amount=2,
        occurred_at=later(),
        received_at=payment.created_at,
    )

    compare()

    assert found() == [("not_at_gateway", "refunded", Decimal("2.00"), None)]


def test_different_amounts_and_currencies_are_discrepancies(stripe):
    payment = paid(stripe)
    accepted(payment)
    less = payment.amount - 3
    rows = Payment.objects.filter(pk=payment.pk)
    rows.update(captured_amount=less, voided_amount=3)

    compare()
    assert ("amount", "captured", less, payment.amount) in found()
    rows.update(currency="USD")

    compare()
    assert ("currency", "authorized", payment.amount, payment.amount) in found()
    difference = Discrepancy.objects.get(part=f"gateway:{payment.gateway}", kind="currency")
    assert (difference.currency, difference.found_currency) == ("USD", "EUR")


def test_a_payment_unknown_to_us_is_a_discrepancy(stripe):
    gateway = gateway_for("stripe")
    opened = gateway.open(
        key="pay:elsewhere",
        amount=Money(Decimal("12.00"), "EUR"),
        description="elsewhere",
        return_url=BACK,
        locale="en",
    )
    stripe.pay(opened.pay_url)

    compare()
    assert found() == [("not_with_us", "held", None, Decimal("12.00"))]
    difference = the_one()
    assert difference.payment is None
    assert not resolution.can_apply_lost_event(difference)
    assert "not in our records" in labels.advice(difference)
    money = Money(Decimal("12.00"), "EUR")
    gateway.release(reference=opened.reference, amount=money, key="give it back")

    compare()
    assert found() == []


def test_a_payment_that_just_changed_is_not_compared(stripe):
    payment = open_order()
    stripe.pay(payment.pay_url)

    compare(clock=later)
    assert len(found()) == 1
    refresh_from_gateway(payment)
    by_hand(payment, "capture", payment.amount)
    assert gateway_comparison.compare_payment(payment=payment, now=payment.created_at) is None
    assert len(gateway_comparison.compare_payment(payment=payment, now=later())) == 1


@pytest.mark.parametrize("many", [True, False])
def test_several_captures_or_one_capture_match_the_ledger(stripe, many):
    stripe.control("account", {"many": many})
    payment = paid(stripe, *two_sellables())
    made = accepted(payment)
    refund(payment, PART)
    refund(payment, PART, purpose="staff:2")

    day = compare()

    assert len(made) == 2
    charges = sum(one.customer_charge_amount for one in made)
    assert charges == payment.captured_amount == payment.order.total_amount
    assert payment.refunded_amount == 2 * PART
    assert found() == []
    assert (day.status, day.problem) == ("reconciled", "")
    assert (day.counts[f"gateway:{payment.gateway}"], day.counts["orders"]) == (1, 1)


def test_a_duplicate_capture_is_a_discrepancy(stripe):
    stripe.control("account", {"many": True})
    payment = paid(stripe, *two_sellables())
    first, _second = divided(payment)
    accept(payment, first)
    by_hand(payment, "capture", first.customer_charge_amount, is_last=False)

    compare()

    once = first.customer_charge_amount
    assert found() == [("twice", "captured", once, 2 * once)]
    assert resolution.can_apply_lost_event(the_one())
