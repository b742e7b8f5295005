"""Stripe operations: capture, cancel, refund and dispute an authorized payment intent."""

from contextlib import suppress
from typing import Any

from storefront.dev.sandboxes.stripe import payment_flow
from storefront.dev.sandboxes.stripe.form_encoding import StripeError
from storefront.dev.sandboxes.stripe.store import Store, StripeObject

OPEN = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


def capture(
    store: Store, intent: StripeObject, *, amount: int, is_last: bool, now: float
) -> StripeObject:
    """Capture a part, or all; the last capture voids the rest.

    Raises: StripeError  nothing or too little is authorized, or only one capture is possible
    """
    if intent["status"] != "requires_capture":
        raise _unexpected(intent, "captured")
    if not 0 < amount <= intent["amount_capturable"]:
        raise StripeError(
            f"The requested capture amount is greater than the {intent['amount_capturable']} held.",
            code="amount_too_large",
            param="amount_to_capture",
        )
    charge = _charge_of(store, intent)
    card = charge["payment_method_details"]["card"]
    if not is_last and card["multicapture"]["status"] != "available":
        raise StripeError(
            "Multicapture is not available for this PaymentIntent.", param="final_capture"
        )
    charge["amount_captured"] += amount
    charge["captured"] = True
    intent["amount_received"] += amount
    intent["amount_capturable"] -= amount
    if is_last or not intent["amount_capturable"]:
        intent |= {"status": "succeeded", "amount_capturable": 0}
        store.save(intent)
    else:
        store.save(intent, acts_at=card["capture_before"])
    store.save(charge)
    store.record_balance("charge", charge, amount, now=now)
    store.record_event("charge.captured", charge, now=now)
    if intent["status"] == "succeeded":
        store.record_event("payment_intent.succeeded", intent, now=now)
    else:
        store.record_event("payment_intent.amount_capturable_updated", intent, now=now)
    if intent["_card"]["disputes"] and intent["status"] == "succeeded":
        dispute(store, intent, status="needs_response", now=now)
    return intent


def cancel(store: Store, intent: StripeObject, *, reason: str | None, now: float) -> StripeObject:
    """Cancel an intent: void what is not captured.

    Raises: StripeError  it has ended, or its session is open
    """
    for session in store.all("checkout.session", intent=intent["id"]):
        if session["status"] == "open":
            raise StripeError(
                "This PaymentIntent belongs to an open Checkout Session: expire the session.",
                code="payment_intent_unexpected_state",
            )
    if intent["status"] not in OPEN | {"requires_capture"}:
        raise _unexpected(intent, "canceled")
    return _end(store, intent, reason=reason, now=now)


def _end(store: Store, intent: StripeObject, *, reason: str | None, now: float) -> StripeObject:
    intent |= {
        "status": "canceled",
        "amount_capturable": 0,
        "cancellation_reason": reason,
        "canceled_at": int(now),
    }
    store.save(intent)
    store.record_event("payment_intent.canceled", intent, now=now)
    return intent


def refund(store: Store, asked: dict[str, Any], *, status: str, now: float) -> StripeObject:
    """Refund a part, or all, of what was captured.

    Raises: StripeError  not enough was captured, or the charge is disputed
    """
    intent = store.get(asked.get("payment_intent", ""), "payment_intent")
    if intent is None:
        raise StripeError("No such payment_intent", code="resource_missing", param="payment_intent")
    charge = _charge_of(store, intent)
    left = intent["amount_received"] - charge["amount_refunded"]
    amount = int(asked.get("amount", left))
    if charge["disputed"]:
        raise StripeError("This charge has been charged back.", code="charge_disputed")
    if left <= 0:
        raise StripeError("Charge has already been refunded.", code="charge_already_refunded")
    if not 0 < amount <= left:
        raise StripeError(f"Refund amount is greater than the {left} left.", param="amount")
    made = store.create(
        "refund",
        now=now,
        intent=intent["id"],
        amount=amount,
        currency=intent["currency"],
        payment_intent=intent["id"],
        charge=charge["id"],
        reason=asked.get("reason"),
        status=status,
        metadata=asked.get("metadata", {}),
    )
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    store.save(charge)
    store.record_balance("refund", made, -amount, now=now)
    store.record_event("refund.created", made, now=now)
    store.record_event("charge.refunded", charge, now=now)
    return made


def settle_refund(store: Store, made: StripeObject, *, status: str, now: float) -> StripeObject:
    """Move a pending refund to succeeded or failed."""
    made["status"] = status
    if status == "failed":
        made["failure_reason"] = "expired_or_canceled_card"
        intent = store.get(made["payment_intent"], "payment_intent")
        assert intent is not None  # noqa: S101 - every refund has one
        charge = _charge_of(store, intent)
        charge["amount_refunded"] -= made["amount"]
        charge["refunded"] = False
        store.save(charge)
        store.record_balance("refund_failure", made, made["amount"], now=now)
    store.save(made)
    store.record_event("refund.failed" if status == "failed" else "refund.updated", made, now=now)
    return made


def dispute(store: Store, intent: StripeObject, *, status: str, now: float) -> StripeObject:
    """Open a dispute, or move the open one to a status."""
    charge = _charge_of(store, intent)
    known = store.all("dispute", intent=intent["id"])
    if known:
        found = known[0] | {"status": status}
        store.save(found)
        is_over = status in {"won", "lost"}
        if status == "won":
            store.record_balance("dispute_reversal", found, found["amount"], now=now)
        store.record_event(f"charge.dispute.{'closed' if is_over else 'updated'}", found, now=now)
        return found
    found = store.create(
        "dispute",
        now=now,
        intent=intent["id"],
        amount=intent["amount_received"] or intent["amount"],
        currency=intent["currency"],
        payment_intent=intent["id"],
        charge=charge["id"],
        reason="fraudulent",
        status=status,
    )
    charge["disputed"] = True
    store.save(charge)
    if not status.startswith("warning"):  # an inquiry moves no money
        store.record_balance("dispute", found, -found["amount"], now=now)
    store.record_event("charge.dispute.created", found, now=now)
    return found


def warn(store: Store, intent: StripeObject, *, now: float) -> StripeObject:
    charge = _charge_of(store, intent)
    warning = store.create(
        "radar.early_fraud_warning",
        now=now,
        intent=intent["id"],
        payment_intent=intent["id"],
        charge=charge["id"],
        actionable=True,
        fraud_type="made_with_stolen_card",
    )
    store.record_event("radar.early_fraud_warning.created", warning, now=now)
    return warning


def review(store: Store, intent: StripeObject, *, closed: str, now: float) -> StripeObject:
    """Open a Radar review, or close it; a refused payment is voided or refunded."""
    known = store.get(intent["review"] or "", "review")
    if not closed:
        made = store.create(
            "review",
            now=now,
            intent=intent["id"],
            payment_intent=intent["id"],
            charge=_charge_of(store, intent)["id"],
            open=True,
            opened_reason="rule",
            reason="rule",
            closed_reason=None,
        )
        store.save(intent | {"review": made["id"]})
        store.record_event("review.opened", made, now=now)
        return made
    if known is None or not known["open"]:
        raise StripeError("No open review belongs to this payment.")
    known |= {"open": False, "reason": closed, "closed_reason": closed}
    store.save(known)
    if closed != "approved" and intent["status"] == "requires_capture":
        _end(store, intent, reason="fraudulent", now=now)
    elif closed != "approved" and intent["amount_received"]:
        refund(store, {"payment_intent": intent["id"]}, status="succeeded", now=now)
    store.record_event("review.closed", known, now=now)
    return known


def expire(store: Store, thing: StripeObject, *, now: float) -> None:
    """Expire an unpaid session, or an authorization."""
    if thing["object"] == "checkout.session":
        with suppress(StripeError):
            payment_flow.expire_session(store, thing, now=now)
    elif thing["status"] == "requires_capture":
        _end(store, thing, reason="expired", now=now)
        store.record_event("charge.expired", _charge_of(store, thing), now=now)


def run_clock(store: Store, *, now: float) -> float | None:
    """Expire what is due; return when something will be due next."""
    for thing in store.due(now):
        expire(store, thing, now=now)
    return store.next_due()


def _charge_of(store: Store, intent: StripeObject) -> StripeObject:
    charge = store.get(intent["latest_charge"] or "", "charge")
    if charge is None or charge["status"] != "succeeded":
        raise _unexpected(intent, "used")
    return charge


def _unexpected(intent: StripeObject, what: str) -> StripeError:
    return StripeError(
        f"This PaymentIntent could not be {what} because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
    )
