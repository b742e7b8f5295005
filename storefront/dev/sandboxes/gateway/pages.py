"""Test gateway pages: show the payment page to customers, an overview to developers."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from babel.numbers import format_currency
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from storefront.dev.sandboxes.gateway import operations
from storefront.dev.sandboxes.gateway.context import Desk
from storefront.dev.sandboxes.gateway.messages import Answer, Call, RefusedError
from storefront.dev.sandboxes.gateway.operations import UNPAID, Status
from storefront.dev.sandboxes.gateway.serializers import moment
from storefront.dev.sandboxes.gateway.state.card_numbers import CARDS, BadNumberError
from storefront.dev.sandboxes.gateway.state.ledger import Payment
from storefront.dev.sandboxes.gateway.translations import words_for
from storefront.lib.money import Money

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


def show(desk: Desk, call: Call) -> Answer:
    payment = desk.ledger.payment(call.words[0])
    return _page_of(desk, payment) if payment else unknown(desk)


def submit(desk: Desk, call: Call) -> Answer:
    """Take what the shopper did; whatever it led to, he goes back to the shop."""
    if desk.ledger.payment(call.words[0]) is None:
        return unknown(desk)
    form = _form(call.body)
    with desk.ledger.writing():
        payment = desk.payment(call.words[0])
        typed = form.get("number", "").strip() or form.get("card", "")
        try:
            payment = _done(desk, payment, form.get("action", ""), typed=typed, now=call.now)
        except BadNumberError:
            return _page_of(desk, payment, has_bad_number=True)
    where = f"/pay/{payment.id}" if payment.status in UNPAID else payment.return_url
    return Answer(status=HTTPStatus.SEE_OTHER, headers={"Location": where})


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=MAX_FIELDS))
    except ValueError as error:
        raise RefusedError("invalid_request", str(error), HTTPStatus.BAD_REQUEST) from error


def _done(desk: Desk, payment: Payment, action: str, *, typed: str, now: float) -> Payment:
    match action:
        case "pay":
            return operations.pay(desk.ledger, payment, typed=typed, late_s=desk.late_s, now=now)
        case "confirm" | "refuse":
            return operations.confirm(desk.ledger, payment, is_him=action == "confirm", now=now)
        case "cancel":
            return operations.cancel(desk.ledger, payment, now=now)
    raise RefusedError("unknown_action", "Pay or cancel.", HTTPStatus.BAD_REQUEST)


def _page_of(desk: Desk, payment: Payment, *, has_bad_number: bool = False) -> Answer:
    language, words = words_for(payment.locale)
    amount = amount_shown(payment.amount, payment.currency, language)
    said = {
        name: text.format(amount=amount, shop=desk.shop, last4=payment.last4)
        for name, text in words.items()
    }
    template = {Status.OPEN: "pay.html", Status.CONFIRMING: "confirm.html"}
    return html(
        template.get(Status(payment.status), "done.html"),
        status=HTTPStatus.UNPROCESSABLE_ENTITY if has_bad_number else HTTPStatus.OK,
        sends_to=origin_of(payment.return_url),
        language=language,
        words=said,
        shop=desk.shop,
        amount=amount,
        payment=payment,
        cards=CARDS,
        has_bad_number=has_bad_number,
    )


def unknown(desk: Desk) -> Answer:
    language, words = words_for("en")
    return html(
        "unknown.html", status=HTTPStatus.NOT_FOUND, language=language, words=words, shop=desk.shop
    )


def front(desk: Desk, _call: Call) -> Answer:
    """Show the staff of the sandbox the newest payments, their events and their webhooks."""
    payments = desk.ledger.payments()
    answers: dict[str, list[str]] = {}
    for delivery in desk.ledger.deliveries():
        answers.setdefault(delivery.event, []).append(delivery.last_answer or "waiting")
    return html(
        "front.html",
        language="en",
        desk=desk,
        shop=desk.shop,
        posting=desk.ledger.posting,
        faults=desk.faults.listed(),
        count=len(payments),
        payments=[
            (payment, desk.ledger.events(payment.id)) for payment in reversed(payments[-SHOWN:])
        ],
        answers=answers,
        amount_shown=amount_shown,
        moment=moment,
    )


def style(_desk: Desk, _call: Call) -> Answer:
    return stylesheet()


def stylesheet() -> Answer:
    return Answer(
        body=_rules(),
        content_type="text/css; charset=utf-8",
        headers={"Cache-Control": "max-age=300"},
    )


@cache
def _rules() -> str:
    return (HERE / "style.css").read_text(encoding="utf-8")


def amount_shown(minor: int, currency: str, language: str = "en") -> str:
    return format_currency(Money.from_minor(minor, currency).amount, currency, locale=language)


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def html(
    template: str, *, status: int = HTTPStatus.OK, sends_to: str = "", **context: object
) -> Answer:
    # A browser checks the redirect that follows a form against form-action as well.
    policy = (
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none';"
        f" frame-ancestors 'none'; form-action 'self' {sends_to}"
    )
    return Answer(
        status=status,
        body=_TEMPLATES.get_template(template).render(**context),
        content_type="text/html; charset=utf-8",
        headers={
            "Content-Security-Policy": policy.strip(),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
        },
    )
