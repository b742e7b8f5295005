"""Stripe payment flow: open and expire checkout sessions, authorize or decline cards."""

from typing import Any

from storefront.dev.sandboxes.stripe.card_numbers import TestCard
from storefront.dev.sandboxes.stripe.form_encoding import StripeError
from storefront.dev.sandboxes.stripe.store import Store, StripeObject

SESSION_S = 24 * 3600
SHORTEST_SESSION_S = 30 * 60
HOLD_S = 7 * 24 * 3600


def open_session(store: Store, asked: dict[str, Any], *, base_url: str, now: float) -> StripeObject:
    """Create a checkout session; its intent is created with the first card.

    Raises: StripeError  a parameter is missing or out of range
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
    session = store.create(
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
    store.save(session, acts_at=ends_at)
    return session


def pay(  # noqa: PLR0913 - session, card, account, time
    store: Store, session: StripeObject, card: TestCard, last4: str, *, many: bool, now: float
) -> None:
    """Authorize, decline or challenge a card; a session that is not open stays unchanged."""
    if session["status"] != "open":
        return
    intent = _intent_of(store, session, now)
    intent["_card"] = {"last4": last4, "disputes": card.disputes, "many": many}
    if card.outcome == "asks":
        intent["status"] = "requires_action"
        intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": {}}
        store.save(intent)
        store.record_event("payment_intent.requires_action", intent, now=now)
    elif card.outcome == "declines":
        _decline(store, intent, "card_declined", card.decline_code, now=now)
    else:
        _authorize(store, session, intent, now=now)


def confirm(store: Store, session: StripeObject, *, is_confirmed: bool, now: float) -> None:
    """Apply the customer's answer to the bank's confirmation page."""
    intent = store.get(session["payment_intent"] or "", "payment_intent")
    if session["status"] != "open" or not intent or intent["status"] != "requires_action":
        return
    if is_confirmed:
        _authorize(store, session, intent, now=now, is_asked=True)
    else:
        _decline(store, intent, "payment_intent_authentication_failure", "", now=now)


def requires_action(store: Store, session: StripeObject) -> bool:
    intent = store.get(session["payment_intent"] or "", "payment_intent")
    if session["status"] != "open" or intent is None:
        return False
    return bool(intent["status"] == "requires_action")


def expire_session(store: Store, session: StripeObject, *, now: float) -> StripeObject:
    """Expire the session and cancel its unpaid intent.

    Raises: StripeError  the session is not open
    """
    if session["status"] != "open":
        raise StripeError(
            f"Only Checkout Sessions with a status in ['open'] can be expired. This one is"
            f" {session['status']}."
        )
    session |= {"status": "expired", "url": None}
    store.save(session)
    intent = store.get(session["payment_intent"] or "", "payment_intent")
    if intent is not None:
        intent |= {"status": "canceled", "cancellation_reason": "automatic"}
        intent["canceled_at"] = int(now)
        store.save(intent)
        store.record_event("payment_intent.canceled", intent, now=now)
    store.record_event("checkout.session.expired", session, now=now)
    return session


def _intent_of(store: Store, session: StripeObject, now: float) -> StripeObject:
    intent = store.get(session["payment_intent"] or "", "payment_intent")
    if intent is not None:
        return intent
    asked = session["_intent"]
    intent = store.create(
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
    store.set_intent(session, intent=intent["id"])
    session["payment_intent"] = intent["id"]
    store.save(session, acts_at=session["expires_at"])
    store.record_event("payment_intent.created", intent, now=now)
    return intent


def _charge(
    store: Store, intent: StripeObject, *, now: float, is_asked: bool, **fields: Any
) -> StripeObject:
    last4 = intent["_card"]["last4"]
    details: StripeObject = {"brand": "visa", "last4": last4, "wallet": None}
    details["three_d_secure"] = (
        {"result": "authenticated", "version": "2.2.0"} if is_asked else None
    )
    return store.create(
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
        payment_method_details={"type": "card", "card": details},
        **fields,
    )


def _authorize(
    store: Store, session: StripeObject, intent: StripeObject, *, now: float, is_asked: bool = False
) -> None:
    charge = _charge(store, intent, now=now, is_asked=is_asked, status="succeeded", paid=True)
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
    store.save(charge)
    store.save(intent, acts_at=now + HOLD_S)
    store.save(session)
    store.record_event("charge.succeeded", charge, now=now)
    store.record_event("payment_intent.amount_capturable_updated", intent, now=now)
    store.record_event("checkout.session.completed", session, now=now)


def _decline(
    store: Store, intent: StripeObject, code: str, decline_code: str, *, now: float
) -> None:
    """Record a failed charge; the session stays open for another card."""
    charge = _charge(
        store, intent, now=now, is_asked=False, status="failed", paid=False, failure_code=code
    )
    intent |= {
        "status": "requires_payment_method",
        "latest_charge": charge["id"],
        "next_action": None,
        "last_payment_error": {"type": "card_error", "code": code, "decline_code": decline_code},
    }
    store.save(intent)
    store.record_event("charge.failed", charge, now=now)
    store.record_event("payment_intent.payment_failed", intent, now=now)
