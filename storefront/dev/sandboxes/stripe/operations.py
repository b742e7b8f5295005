"""Stripe operations: capture, cancel, refund and dispute an authorized payment intent."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from storefront.dev.sandboxes.stripe import payment_flow
from storefront.dev.sandboxes.stripe.form_encoding import StripeError
from storefront.dev.sandboxes.stripe.store import Shelf, Thing

OPEN = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


def capture(shelf: Shelf, intent: Thing, *, amount: int, is_last: bool, now: float) -> Thing:
    """Take a part, or all; what is not taken by the last capture goes back.

    Raises: StripeError  nothing is held, too little, or only one capture is possible
    """
    if intent["status"] != "requires_capture":
        raise _unexpected(intent, "captured")
    if not 0 < amount <= intent["amount_capturable"]:
        raise StripeError(
            f"The requested capture amount is greater than the {intent['amount_capturable']} held.",
            code="amount_too_large",
            param="amount_to_capture",
        )
    charge = _charge_of(shelf, intent)
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
        shelf.keep(intent)
    else:
        shelf.keep(intent, acts_at=card["capture_before"])
    shelf.keep(charge)
    shelf.balance("charge", charge, amount, now=now)
    shelf.tell("charge.captured", charge, now=now)
    if intent["status"] == "succeeded":
        shelf.tell("payment_intent.succeeded", intent, now=now)
    else:
        shelf.tell("payment_intent.amount_capturable_updated", intent, now=now)
    if intent["_card"]["disputes"] and intent["status"] == "succeeded":
        dispute(shelf, intent, status="needs_response", now=now)
    return intent


def cancel(shelf: Shelf, intent: Thing, *, reason: str | None, now: float) -> Thing:
    """Give back all that is held and not captured.

    Raises: StripeError  it is over, or its session is open
    """
    for session in shelf.all("checkout.session", intent=intent["id"]):
        if session["status"] == "open":
            raise StripeError(
                "This PaymentIntent belongs to an open Checkout Session: expire the session.",
                code="payment_intent_unexpected_state",
            )
    if intent["status"] not in OPEN | {"requires_capture"}:
        raise _unexpected(intent, "canceled")
    return _end(shelf, intent, reason=reason, now=now)


def _end(shelf: Shelf, intent: Thing, *, reason: str | None, now: float) -> Thing:
    intent |= {
        "status": "canceled",
        "amount_capturable": 0,
        "cancellation_reason": reason,
        "canceled_at": int(now),
    }
    shelf.keep(intent)
    shelf.tell("payment_intent.canceled", intent, now=now)
    return intent


def refund(shelf: Shelf, asked: dict[str, Any], *, status: str, now: float) -> Thing:
    """Pay back a part, or all, of what was captured.

    Raises: StripeError  nothing was, not so much, or the bank has it back already
    """
    intent = shelf.get(asked.get("payment_intent", ""), "payment_intent")
    if intent is None:
        raise StripeError("No such payment_intent", code="resource_missing", param="payment_intent")
    charge = _charge_of(shelf, intent)
    left = intent["amount_received"] - charge["amount_refunded"]
    amount = int(asked.get("amount", left))
    if charge["disputed"]:
        raise StripeError("This charge has been charged back.", code="charge_disputed")
    if left <= 0:
        raise StripeError("Charge has already been refunded.", code="charge_already_refunded")
    if not 0 < amount <= left:
        raise StripeError(f"Refund amount is greater than the {left} left.", param="amount")
    made = shelf.new(
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
    shelf.keep(charge)
    shelf.balance("refund", made, -amount, now=now)
    shelf.tell("refund.created", made, now=now)
    shelf.tell("charge.refunded", charge, now=now)
    return made


def settle_refund(shelf: Shelf, made: Thing, *, status: str, now: float) -> Thing:
    """Let a refund that was under way arrive, or come back."""
    made["status"] = status
    if status == "failed":
        made["failure_reason"] = "expired_or_canceled_card"
        intent = shelf.get(made["payment_intent"], "payment_intent")
        assert intent is not None  # noqa: S101 - no refund is without one
        charge = _charge_of(shelf, intent)
        charge["amount_refunded"] -= made["amount"]
        charge["refunded"] = False
        shelf.keep(charge)
        shelf.balance("refund_failure", made, made["amount"], now=now)
    shelf.keep(made)
    shelf.tell("refund.failed" if status == "failed" else "refund.updated", made, now=now)
    return made


def dispute(shelf: Shelf, intent: Thing, *, status: str, now: float) -> Thing:
    """Let the shopper's bank dispute the payment, or end what it disputes."""
    charge = _charge_of(shelf, intent)
    known = shelf.all("dispute", intent=intent["id"])
    if known:
        found = known[0] | {"status": status}
        shelf.keep(found)
        is_over = status in {"won", "lost"}
        if status == "won":
            shelf.balance("dispute_reversal", found, found["amount"], now=now)
        shelf.tell(f"charge.dispute.{'closed' if is_over else 'updated'}", found, now=now)
        return found
    found = shelf.new(
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
    shelf.keep(charge)
    if not status.startswith("warning"):  # an inquiry takes no money yet
        shelf.balance("dispute", found, -found["amount"], now=now)
    shelf.tell("charge.dispute.created", found, now=now)
    return found


def warn(shelf: Shelf, intent: Thing, *, now: float) -> Thing:
    charge = _charge_of(shelf, intent)
    warning = shelf.new(
        "radar.early_fraud_warning",
        now=now,
        intent=intent["id"],
        payment_intent=intent["id"],
        charge=charge["id"],
        actionable=True,
        fraud_type="made_with_stolen_card",
    )
    shelf.tell("radar.early_fraud_warning.created", warning, now=now)
    return warning


def review(shelf: Shelf, intent: Thing, *, closed: str, now: float) -> Thing:
    """Put a payment before the people of Radar, or end that; who refuses it gives it back."""
    known = shelf.get(intent["review"] or "", "review")
    if not closed:
        made = shelf.new(
            "review",
            now=now,
            intent=intent["id"],
            payment_intent=intent["id"],
            charge=_charge_of(shelf, intent)["id"],
            open=True,
            opened_reason="rule",
            reason="rule",
            closed_reason=None,
        )
        shelf.keep(intent | {"review": made["id"]})
        shelf.tell("review.opened", made, now=now)
        return made
    if known is None or not known["open"]:
        raise StripeError("No open review belongs to this payment.")
    known |= {"open": False, "reason": closed, "closed_reason": closed}
    shelf.keep(known)
    if closed != "approved" and intent["status"] == "requires_capture":
        _end(shelf, intent, reason="fraudulent", now=now)
    elif closed != "approved" and intent["amount_received"]:
        refund(shelf, {"payment_intent": intent["id"]}, status="succeeded", now=now)
    shelf.tell("review.closed", known, now=now)
    return known


def expire(shelf: Shelf, thing: Thing, *, now: float) -> None:
    """Close a page that nobody paid at, or give back what was held too long."""
    if thing["object"] == "checkout.session":
        with suppress(StripeError):
            payment_flow.expire_session(shelf, thing, now=now)
    elif thing["status"] == "requires_capture":
        _end(shelf, thing, reason="expired", now=now)
        shelf.tell("charge.expired", _charge_of(shelf, thing), now=now)


def run_clock(shelf: Shelf, *, now: float) -> float | None:
    """Let happen what happens by itself; return when something will next."""
    for thing in shelf.due(now):
        expire(shelf, thing, now=now)
    return shelf.next_due()


def _charge_of(shelf: Shelf, intent: Thing) -> Thing:
    charge = shelf.get(intent["latest_charge"] or "", "charge")
    if charge is None or charge["status"] != "succeeded":
        raise _unexpected(intent, "used")
    return charge


def _unexpected(intent: Thing, what: str) -> StripeError:
    return StripeError(
        f"This PaymentIntent could not be {what} because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
    )
