"""Stripe payment flow: open a checkout session, create intent and charge as the customer pays."""

from __future__ import annotations

from typing import Any

from storefront.dev.sandboxes.stripe.card_numbers import TestCard
from storefront.dev.sandboxes.stripe.form_encoding import StripeError
from storefront.dev.sandboxes.stripe.store import Shelf, Thing

SESSION_S = 24 * 3600
SHORTEST_SESSION_S = 30 * 60
HOLD_S = 7 * 24 * 3600


def open_session(shelf: Shelf, asked: dict[str, Any], *, base_url: str, now: float) -> Thing:
    """Open a page to pay; its intent is made when somebody tries to.

    Raises: StripeError  a word is missing, or the time is impossible
    """
    lines = asked.get("line_items") or []
    if asked.get("mode") != "payment" or not lines or "success_url" not in asked:
        missing = "mode, line_items and success_url"
        raise StripeError(f"Missing required param: {missing}.", code="parameter_missing")
    prices = [line.get("price_data", {}) for line in lines]
    if any(not {"currency", "unit_amount", "product_data"} <= set(price) for price in prices):
        raise StripeError("Missing required param: price_data.", code="parameter_missing")
    total = sum(
        int(price["unit_amount"]) * int(line.get("quantity", 1))
        for line, price in zip(lines, prices, strict=True)
    )
    ends_at = int(asked.get("expires_at", int(now) + SESSION_S))
    if total <= 0 or not now + SHORTEST_SESSION_S - 1 <= ends_at <= now + SESSION_S + 1:
        raise StripeError("The amount or expires_at is out of range.", code="parameter_invalid")
    session = shelf.new(
        "checkout.session",
        now=now,
        status="open",
        payment_status="unpaid",
        mode="payment",
        ui_mode="hosted_page",
        amount_subtotal=total,
        amount_total=total,
        currency=prices[0]["currency"],
        client_reference_id=asked.get("client_reference_id"),
        metadata=asked.get("metadata", {}),
        success_url=asked["success_url"],
        cancel_url=asked.get("cancel_url"),
        locale=asked.get("locale"),
        expires_at=ends_at,
        payment_intent=None,
        _title=prices[0]["product_data"].get("name", ""),
        _intent=asked.get("payment_intent_data", {}),
        _card=asked.get("payment_method_options", {}).get("card", {}),
    )
    session["url"] = f"{base_url}/pay/{session['id']}"
    shelf.keep(session, acts_at=ends_at)
    return session


def pay(  # noqa: PLR0913 - a card, what may be kept of it, and when
    shelf: Shelf, session: Thing, card: TestCard, last4: str, *, many: bool, now: float
) -> None:
    """Present a card to the bank; a session that is not open any more stays as it is."""
    if session["status"] != "open":
        return
    intent = _intent_of(shelf, session, now)
    intent["_card"] = {"last4": last4, "disputes": card.disputes, "many": many}
    if card.outcome == "asks":
        intent["status"] = "requires_action"
        intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": {}}
        shelf.keep(intent)
        shelf.tell("payment_intent.requires_action", intent, now=now)
    elif card.outcome == "declines":
        _decline(shelf, intent, "card_declined", card.decline_code, now=now)
    else:
        _authorize(shelf, session, intent, now=now)


def confirm(shelf: Shelf, session: Thing, *, is_him: bool, now: float) -> None:
    """Hear from the shopper what his bank asked him."""
    intent = shelf.get(session["payment_intent"] or "", "payment_intent")
    if session["status"] != "open" or not intent or intent["status"] != "requires_action":
        return
    if is_him:
        _authorize(shelf, session, intent, now=now, is_asked=True)
    else:
        _decline(shelf, intent, "payment_intent_authentication_failure", "", now=now)


def is_asking(shelf: Shelf, session: Thing) -> bool:
    intent = shelf.get(session["payment_intent"] or "", "payment_intent")
    if session["status"] != "open" or intent is None:
        return False
    return bool(intent["status"] == "requires_action")


def expire_session(shelf: Shelf, session: Thing, *, now: float) -> Thing:
    """Close the page, and the attempt that nobody finished.

    Raises: StripeError  it is not open any more
    """
    if session["status"] != "open":
        raise StripeError(
            f"Only Checkout Sessions with a status in ['open'] can be expired. This one is"
            f" {session['status']}."
        )
    session |= {"status": "expired", "url": None}
    shelf.keep(session)
    intent = shelf.get(session["payment_intent"] or "", "payment_intent")
    if intent is not None:
        intent |= {"status": "canceled", "cancellation_reason": "automatic"}
        intent["canceled_at"] = int(now)
        shelf.keep(intent)
        shelf.tell("payment_intent.canceled", intent, now=now)
    shelf.tell("checkout.session.expired", session, now=now)
    return session


def _intent_of(shelf: Shelf, session: Thing, now: float) -> Thing:
    intent = shelf.get(session["payment_intent"] or "", "payment_intent")
    if intent is not None:
        return intent
    asked = session["_intent"]
    intent = shelf.new(
        "payment_intent",
        now=now,
        status="requires_payment_method",
        amount=session["amount_total"],
        amount_capturable=0,
        amount_received=0,
        currency=session["currency"],
        capture_method=asked.get("capture_method", "automatic_async"),
        description=asked.get("description"),
        metadata=asked.get("metadata", {}),
        latest_charge=None,
        review=None,
        last_payment_error=None,
        next_action=None,
        cancellation_reason=None,
        canceled_at=None,
    )
    shelf.belongs(session, intent=intent["id"])
    session["payment_intent"] = intent["id"]
    shelf.keep(session, acts_at=session["expires_at"])
    shelf.tell("payment_intent.created", intent, now=now)
    return intent


def _charge(shelf: Shelf, intent: Thing, *, now: float, is_asked: bool, **fields: Any) -> Thing:
    last4 = intent["_card"]["last4"]
    shown: Thing = {"brand": "visa", "last4": last4, "wallet": None}
    shown["three_d_secure"] = {"result": "authenticated", "version": "2.2.0"} if is_asked else None
    return shelf.new(
        "charge",
        now=now,
        intent=intent["id"],
        amount=intent["amount"],
        amount_captured=0,
        amount_refunded=0,
        captured=False,
        refunded=False,
        disputed=False,
        currency=intent["currency"],
        payment_intent=intent["id"],
        payment_method_details={"type": "card", "card": shown},
        **fields,
    )


def _authorize(
    shelf: Shelf, session: Thing, intent: Thing, *, now: float, is_asked: bool = False
) -> None:
    charge = _charge(shelf, intent, now=now, is_asked=is_asked, status="succeeded", paid=True)
    wants_many = session["_card"].get("request_multicapture") == "if_available"
    is_many = wants_many and intent["_card"]["many"]
    charge["payment_method_details"]["card"] |= {
        "capture_before": int(now + HOLD_S),
        "multicapture": {"status": "available" if is_many else "unavailable"},
    }
    intent |= {
        "status": "requires_capture",
        "amount_capturable": intent["amount"],
        "latest_charge": charge["id"],
        "last_payment_error": None,
        "next_action": None,
    }
    session |= {"status": "complete", "url": None}
    shelf.keep(charge)
    shelf.keep(intent, acts_at=now + HOLD_S)
    shelf.keep(session)
    shelf.tell("charge.succeeded", charge, now=now)
    shelf.tell("payment_intent.amount_capturable_updated", intent, now=now)
    shelf.tell("checkout.session.completed", session, now=now)


def _decline(shelf: Shelf, intent: Thing, code: str, decline_code: str, *, now: float) -> None:
    """Let the shopper try another card: the page stays open."""
    charge = _charge(
        shelf, intent, now=now, is_asked=False, status="failed", paid=False, failure_code=code
    )
    intent |= {
        "status": "requires_payment_method",
        "latest_charge": charge["id"],
        "next_action": None,
        "last_payment_error": {"type": "card_error", "code": code, "decline_code": decline_code},
    }
    shelf.keep(intent)
    shelf.tell("charge.failed", charge, now=now)
    shelf.tell("payment_intent.payment_failed", intent, now=now)
