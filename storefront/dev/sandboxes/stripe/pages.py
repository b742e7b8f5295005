"""Stripe checkout page: show the hosted payment page, the only place to type a card."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from storefront.dev.sandboxes.core.http_server import Reply
from storefront.dev.sandboxes.stripe import payment_flow
from storefront.dev.sandboxes.stripe.api import Call, Sandbox
from storefront.dev.sandboxes.stripe.card_numbers import CARDS, BadNumberError, find_card
from storefront.dev.sandboxes.stripe.form_encoding import StripeError
from storefront.dev.sandboxes.stripe.store import StripeObject
from storefront.lib.money import Money, format_money

HERE = Path(__file__).parent
SHOWN = 50
MAX_FIELDS = 20
_TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
STATUS_WORDS = {"complete": "authorized", "expired": "expired"}


def show(sandbox: Sandbox, call: Call) -> Reply:
    session = sandbox.store.get(call.arguments[0], "checkout.session")
    return _page_of(sandbox, call, session) if session else unknown(sandbox)


def submit(sandbox: Sandbox, call: Call) -> Reply:
    """Apply the customer's action; after a declined card the page is shown again."""
    form = _form(call.asked.body)
    with sandbox.store.transaction():
        session = sandbox.store.get(call.arguments[0], "checkout.session")
        if session is None:
            return unknown(sandbox)
        action = form.get("action", "")
        try:
            if action == "pay":
                typed = form.get("number", "").strip() or form.get("card", "")
                card, last4 = find_card(typed)
                payment_flow.pay(
                    sandbox.store, session, card, last4, many=sandbox.many, now=call.now
                )
            elif action in {"confirm", "refuse"}:
                payment_flow.confirm(
                    sandbox.store, session, is_confirmed=action == "confirm", now=call.now
                )
            elif action != "cancel":
                raise StripeError("Pay or cancel.")
        except BadNumberError:
            return _page_of(sandbox, call, session, problem="bad_number")
        session = sandbox.get(session["id"], "checkout.session")
        requires_action = payment_flow.requires_action(sandbox.store, session)
    if action != "cancel" and session["status"] == "open" and not requires_action:
        return _page_of(sandbox, call, session, problem="declined")
    where = f"/pay/{session['id']}" if requires_action else _back(session, action)
    return Reply(status=HTTPStatus.SEE_OTHER, headers={"Location": where})


def unknown(sandbox: Sandbox) -> Reply:
    language, texts = texts_for("en")
    return html(
        "unknown.html",
        status=HTTPStatus.NOT_FOUND,
        language=language,
        words=texts,
        shop=sandbox.shop,
    )


def front(sandbox: Sandbox, _call: Call) -> Reply:
    """Show the developer the newest sessions, their events and how the shop answered each."""
    answers: dict[str, list[str]] = {}
    for delivery in sandbox.store.deliveries():
        answers.setdefault(delivery.event, []).append(delivery.last_answer or "waiting")
    events: dict[str, list[StripeObject]] = {}
    for event in sandbox.store.events():
        about = event["data"]["object"]
        events.setdefault(about.get("payment_intent") or about["id"], []).append(event)
    rows = []
    for session in sandbox.store.all("checkout.session")[:SHOWN]:
        intent = sandbox.store.get(session["payment_intent"] or "", "payment_intent")
        rows.append((session, intent, events.get(intent["id"] if intent else session["id"], [])))
    return html(
        "front.html",
        language="en",
        shop=sandbox.shop,
        webhooks=sandbox.store.webhooks,
        faults=[fault for fault in sandbox.faults.listed() if not fault["spent"]],
        rows=rows,
        answers=answers,
        amount_shown=lambda minor, currency: amount_shown(minor, currency.upper()),
        moment=lambda seconds: datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S"),
    )


def _back(session: StripeObject, action: str) -> str:
    where = session["cancel_url"] if action == "cancel" else session["success_url"]
    return str(where or session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=MAX_FIELDS))
    except ValueError as error:
        raise StripeError(str(error)) from error


def _page_of(sandbox: Sandbox, call: Call, session: StripeObject, *, problem: str = "") -> Reply:
    """Show a session in its language, or, where that is "auto", in the browser's."""
    locale = session["locale"] or "auto"
    language, known = texts_for(
        call.asked.headers.get("accept-language", "en") if locale == "auto" else locale
    )
    amount = amount_shown(session["amount_total"], session["currency"].upper(), language)
    intent = sandbox.store.get(session["payment_intent"] or "", "payment_intent")
    last4 = intent["_card"]["last4"] if intent and "_card" in intent else ""
    texts = {
        name: text.format(amount=amount, shop=sandbox.shop, last4=last4)
        for name, text in known.items()
    }
    if problem:
        texts["bad_number"] = texts[problem]
    template = "pay.html"
    if session["status"] != "open":
        template = "done.html"
    elif not problem and payment_flow.requires_action(sandbox.store, session):
        template = "confirm.html"
    return html(
        template,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK,
        sends_to=origin_of(session["success_url"]),
        language=language,
        words=texts,
        shop=sandbox.shop,
        amount=amount,
        payment=SimpleNamespace(
            id=session["id"],
            description=session["_title"],
            status=STATUS_WORDS.get(session["status"], ""),
            return_url=_back(session, ""),
        ),
        cards=CARDS,
        has_bad_number=bool(problem),
    )


def style(_sandbox: Sandbox, _call: Call) -> Reply:
    return Reply(
        body=_rules(),
        type="text/css; charset=utf-8",
        headers={"Cache-Control": "max-age=300"},
    )


@cache
def _rules() -> bytes:
    return (HERE / "style.css").read_bytes()


def amount_shown(minor: int, currency: str, language: str = "en") -> str:
    return format_money(Money.from_minor(minor, currency).amount, currency, language)


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def html(
    template: str, *, status: int = HTTPStatus.OK, sends_to: str = "", **context: object
) -> Reply:
    # A browser checks the redirect that follows a form against form-action as well.
    policy = (
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none';"
        f" frame-ancestors 'none'; form-action 'self' {sends_to}"
    )
    return Reply(
        status=status,
        body=_TEMPLATES.get_template(template).render(**context).encode(),
        type="text/html; charset=utf-8",
        headers={
            "Content-Security-Policy": policy.strip(),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
        },
    )


# Texts

ENGLISH = {
    "title": "Pay {amount}",
    "to": "To {shop}",
    "test": "A local Stripe sandbox. No money moves.",
    "card": "Pay with a test card",
    "authorizes": "Authorized",
    "declines": "Declined by the bank",
    "asks": "The bank asks you to confirm",
    "other": "Or write another card number",
    "other_hint": "12 to 19 digits. Only the last four are kept.",
    "bad_number": "This is not a card number. Check the digits.",
    "pay": "Pay {amount}",
    "cancel": "Cancel and go back to the shop",
    "confirm_title": "Is it you?",
    "confirm_text": "{shop} asks for {amount} from the card that ends in {last4}.",
    "yes": "Yes, pay {amount}",
    "no": "No, it is not me",
    "back": "Back to the shop",
    "authorized": "The amount is held on your card.",
    "declined": "Your bank declined.",
    "expired": "This payment has expired.",
    "unknown": "There is no such payment.",
    "unknown_text": "Go back to the shop and pay from there.",
}
AZERBAIJANI = {
    "title": "{amount} ödəyin",
    "to": "Alan: {shop}",
    "test": "Bu kompüterdə Stripe-ı təqlid edən server. Pul köçürülmür.",
    "card": "Sınaq kartı ilə ödəyin",
    "authorizes": "Təsdiqlənir",
    "declines": "Bank rədd edir",
    "asks": "Bank sizdən təsdiq istəyir",
    "other": "Və ya başqa kart nömrəsi yazın",
    "other_hint": "12–19 rəqəm. Yalnız son dördü saxlanılır.",
    "bad_number": "Bu, kart nömrəsi deyil. Rəqəmləri yoxlayın.",
    "pay": "{amount} ödə",
    "cancel": "Ləğv et və mağazaya qayıt",
    "confirm_title": "Bu sizsiniz?",
    "confirm_text": "{shop} {last4} ilə bitən kartdan {amount} istəyir.",
    "yes": "Bəli, {amount} ödə",
    "no": "Xeyr, mən deyiləm",
    "back": "Mağazaya qayıt",
    "authorized": "Məbləğ kartınızda saxlanılıb.",
    "declined": "Bankınız rədd etdi.",
    "expired": "Bu ödənişin vaxtı keçib.",
    "unknown": "Belə ödəniş yoxdur.",
    "unknown_text": "Mağazaya qayıdın və oradan ödəyin.",
}
LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": ENGLISH, "az": AZERBAIJANI}


def texts_for(locale: str) -> tuple[str, Mapping[str, str]]:
    """Return the language of the page for a locale, and its texts."""
    language = locale[:2] if locale[:2] in LANGUAGES else "en"
    return language, LANGUAGES[language]
