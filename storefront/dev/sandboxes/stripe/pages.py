"""Stripe checkout page: show the hosted payment page, the only place to type a card."""

from __future__ import annotations

from http import HTTPStatus
from types import SimpleNamespace
from urllib.parse import parse_qsl

from storefront.dev.sandboxes.gateway.messages import Answer, Call
from storefront.dev.sandboxes.gateway.pages import MAX_FIELDS, amount_shown, html, origin_of
from storefront.dev.sandboxes.gateway.translations import words_for
from storefront.dev.sandboxes.stripe import payment_flow
from storefront.dev.sandboxes.stripe.api import Desk
from storefront.dev.sandboxes.stripe.card_numbers import CARDS, BadNumberError, card_of
from storefront.dev.sandboxes.stripe.form_encoding import StripeError
from storefront.dev.sandboxes.stripe.store import Thing

TEST = {
    "en": "A stand-in for Stripe on this machine. No money moves.",
    "az": "Stripe-ın bu kompüterdəki əvəzi. Pul köçürülmür.",
}
STATUS_WORDS = {"complete": "authorized", "expired": "expired", "open": "processing"}


def show(desk: Desk, call: Call) -> Answer:
    session = desk.ledger.get(call.words[0], "checkout.session")
    return _page_of(desk, session) if session else unknown(desk)


def submit(desk: Desk, call: Call) -> Answer:
    """Take what the shopper did; a card that was declined leaves him on the page."""
    form = dict(parse_qsl(call.body.decode("utf-8", "replace"), max_num_fields=MAX_FIELDS))
    with desk.ledger.writing():
        session = desk.ledger.get(call.words[0], "checkout.session")
        if session is None:
            return unknown(desk)
        action = form.get("action", "")
        try:
            if action == "pay":
                typed = form.get("number", "").strip() or form.get("card", "")
                card, last4 = card_of(typed)
                payment_flow.pay(desk.ledger, session, card, last4, many=desk.many, now=call.now)
            elif action in {"confirm", "refuse"}:
                payment_flow.confirm(desk.ledger, session, is_him=action == "confirm", now=call.now)
            elif action != "cancel":
                raise StripeError("Pay or cancel.")
        except BadNumberError:
            return _page_of(desk, session, problem="bad_number")
        session = desk.thing(session["id"], "checkout.session")
        is_asking = payment_flow.is_asking(desk.ledger, session)
    if action != "cancel" and session["status"] == "open" and not is_asking:
        return _page_of(desk, session, problem="declined")
    where = f"/pay/{session['id']}" if is_asking else _back(session, action)
    return Answer(status=HTTPStatus.SEE_OTHER, headers={"Location": where})


def unknown(desk: Desk) -> Answer:
    language, said = words_for("en")
    return html(
        "unknown.html", status=HTTPStatus.NOT_FOUND, language=language, words=said, shop=desk.shop
    )


def front(desk: Desk, _call: Call) -> Answer:
    """Show the staff of the sandbox the newest sessions."""
    rows = desk.ledger.all("checkout.session")[:50]
    return html(
        "stripe.html",
        language="en",
        shop=desk.shop,
        posting=desk.ledger.posting,
        faults=desk.faults.listed(),
        rows=[
            (row, desk.ledger.get(row["payment_intent"] or "", "payment_intent")) for row in rows
        ],
        amount_shown=lambda minor, currency: amount_shown(minor, currency.upper()),
    )


def _back(session: Thing, action: str) -> str:
    where = session["cancel_url"] if action == "cancel" else session["success_url"]
    return str(where or session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _page_of(desk: Desk, session: Thing, *, problem: str = "") -> Answer:
    language, known = words_for(session["locale"] or "en")
    amount = amount_shown(session["amount_total"], session["currency"].upper(), language)
    intent = desk.ledger.get(session["payment_intent"] or "", "payment_intent")
    last4 = intent["_card"]["last4"] if intent and "_card" in intent else ""
    said = {
        name: text.format(amount=amount, shop=desk.shop, last4=last4)
        for name, text in known.items()
    } | {"test": TEST[language]}
    if problem:
        said["bad_number"] = said[problem]
    template = "pay.html"
    if session["status"] != "open":
        template = "done.html"
    elif not problem and payment_flow.is_asking(desk.ledger, session):
        template = "confirm.html"
    return html(
        template,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK,
        sends_to=origin_of(session["success_url"]),
        language=language,
        words=said,
        shop=desk.shop,
        amount=amount,
        payment=SimpleNamespace(
            id=session["id"],
            description=session["_title"],
            status=STATUS_WORDS[session["status"]],
            return_url=_back(session, ""),
        ),
        cards=CARDS,
        has_bad_number=bool(problem),
    )
