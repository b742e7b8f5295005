"""Stripe translation: all forms in which Stripe reports a fact give the same updates."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from orders.gateways.stripe.objects import Dispute, Refund, Session
from orders.gateways.stripe.translation import PaymentState, to_updates

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECONDS = int(AT.timestamp())
CARD = {"capture_before": SECONDS + 500_000, "multicapture": {"status": "available"}}


def state(intent=None, charge=None, *, session="complete", refunds=(), disputes=()):
    if intent is not None:
        made = {"id": "ch_1", "created": SECONDS, "amount": 6499} | (charge or {})
        known = {"id": "pi_1", "amount": 6499, "currency": "eur", "latest_charge": made}
        intent = known | intent
    reported = {
        "id": "cs_1",
        "status": session,
        "amount_total": 6499,
        "currency": "eur",
        "payment_intent": intent,
        "a_future_field": {"x": 1},
    }
    return PaymentState(
        session=msgspec.convert(reported, Session),
        refunds=msgspec.convert(list(refunds), list[Refund]),
        disputes=msgspec.convert(list(disputes), list[Dispute]),
    )


def reported(found):
    return [(update.kind.value, str(update.amount)) for update in to_updates(found)]


@pytest.mark.parametrize("details", [None, {}, {"card": None}, {"card": {"capture_before": None}}])
def test_without_a_capture_deadline_the_shortest_one_applies(details):
    (update,) = to_updates(
        state({"status": "requires_capture"}, {"payment_method_details": details})
    )

    assert update.capture_before == AT + timedelta(days=4, hours=18)
    assert update.capture_mode == "single"


def test_a_stated_deadline_and_capture_mode_are_used():
    charge = {"payment_method_details": {"card": CARD}}
    (update,) = to_updates(state({"status": "requires_capture"}, charge))

    assert update.capture_before == AT + timedelta(seconds=500_000)
    assert update.capture_mode == "multiple"


@pytest.mark.parametrize(
    ("intent", "charge"),
    [
        ({"status": "succeeded", "amount_received": 2000}, {"amount_captured": 2000}),
        ({"status": "succeeded", "amount_received": 2000}, {}),
        ({"status": "canceled", "amount_received": 2000}, {"amount_captured": 2000}),
        ({"status": "canceled"}, {"amount_captured": 2000}),
    ],
)
def test_the_remainder_of_a_partial_capture_is_voided_in_each_intent_status(intent, charge):
    assert reported(state(intent, charge)) == [
        ("authorized", "64.99 EUR"),
        ("captured", "20.00 EUR"),
        ("voided", "44.99 EUR"),
    ]


def test_a_released_authorization_listed_as_a_refund_is_not_refunded():
    rest = {
        "id": "re_1",
        "amount": 4499,
        "currency": "eur",
        "status": "succeeded",
        "reason": "expired_uncaptured_charge",
    }
    found = state({"status": "succeeded", "amount_received": 2000}, refunds=[rest])

    assert "refunded" not in dict(reported(found))


@pytest.mark.parametrize("reason", ["automatic", "expired"])
def test_an_authorization_that_stripe_canceled_is_expired(reason):
    found = state({"status": "canceled", "cancellation_reason": reason})

    assert reported(found) == [("expired", "64.99 EUR")]


@pytest.mark.parametrize(
    ("intent", "session", "expected"),
    [
        (None, "open", []),
        (None, "expired", [("expired", "64.99 EUR")]),
        ({"status": "requires_payment_method"}, "open", []),
        ({"status": "requires_action", "latest_charge": None}, "open", []),
        ({"status": "processing", "latest_charge": None}, "complete", []),
        ({"status": "requires_payment_method"}, "expired", [("expired", "64.99 EUR")]),
    ],
)
def test_an_unpaid_session_gives_no_update_until_it_expires(intent, session, expected):
    assert reported(state(intent, session=session)) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("warning_needs_response", ["fraud_warning"]),
        ("warning_closed", ["fraud_warning"]),
        ("needs_response", ["disputed"]),
        ("a_future_status", ["disputed"]),
        ("won", ["disputed", "dispute_won"]),
        ("lost", ["disputed", "dispute_lost"]),
    ],
)
def test_an_inquiry_is_a_fraud_warning_and_a_dispute_has_its_result(status, expected):
    dispute = {"id": "du_1", "amount": 6499, "currency": "eur", "status": status}
    found = state({"status": "succeeded", "amount_received": 6499}, disputes=[dispute])

    assert [name for name, _ in reported(found)][2:] == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("pending", []),
        ("requires_action", []),
        (None, []),
        ("succeeded", [("refunded", "re_1")]),
        ("failed", [("refund_failed", "re_1:failed")]),
        ("canceled", [("refund_failed", "re_1:failed")]),
    ],
)
def test_a_refund_is_reported_when_it_succeeds_or_fails(status, expected):
    refund = {"id": "re_1", "amount": 500, "currency": "eur", "status": status}
    found = state({"status": "succeeded", "amount_received": 6499}, refunds=[refund])

    assert [(one.kind.value, one.external_id) for one in to_updates(found)][2:] == expected
