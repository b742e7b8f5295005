"""Return events: record the receipt and each answer to the customer in the outbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from catalog.texts.titles import full_title_in
from orders import events, links
from orders.models import ReturnAuthorization, ReturnLabel


def record_request(returns: Sequence[ReturnAuthorization], *, at: datetime) -> None:
    """Record the receipt: the customer's message, and when it was received."""
    first = returns[0]
    events.record_order_event(
        first.order,
        "return.declared",
        first.request_key,
        kind=first.kind,
        customer_message=first.customer_message,
        received_at=at.isoformat(),
        returns=[_return_payload(authorization) for authorization in returns],
        at=at,
    )


def record_answer(
    authorization: ReturnAuthorization, *, what: str, at: datetime, again: str = ""
) -> None:
    """Record an answer; ``again`` makes the key unique where an answer may be repeated."""
    events.record_order_event(
        authorization.order,
        f"return.{what}",
        f"{authorization.number}{again}",
        what=what,
        kind=authorization.kind,
        replacement=authorization.replacement.number if authorization.replacement else "",
        replacement_url=links.order_url(authorization.replacement)
        if authorization.replacement
        else "",
        sent=_replacement_lines(authorization),
        difference=str(authorization.difference_amount or ""),
        attachments=_label_file(authorization) if what == "labeled" else [],
        **_return_payload(authorization),
        at=at,
    )


def _label_file(authorization: ReturnAuthorization) -> list[dict[str, str]]:
    """Return the PDF of the bought label; none for a label that staff entered as a link."""
    label = _bought_label(authorization)
    return [{"file": label.file, "name": f"{label.reference}.pdf"}] if label and label.file else []


def _bought_label(authorization: ReturnAuthorization) -> ReturnLabel | None:
    return authorization.labels.filter(status=ReturnLabel.Status.BOUGHT).first()


def _replacement_lines(authorization: ReturnAuthorization) -> list[dict[str, Any]]:
    """Return the lines of the replacement order, if there is one."""
    if authorization.replacement is None:
        return []
    lines = authorization.replacement.lines.select_related("variant__product__spec")
    locale = authorization.order.locale
    return [events.line_payload(line, locale) for line in lines.order_by("pk")]


def _return_payload(authorization: ReturnAuthorization) -> dict[str, Any]:
    lines = authorization.lines.select_related(
        "order_line__variant__product__spec", "wanted__product"
    )
    ship_by, locale = authorization.ship_by, authorization.order.locale
    label = _bought_label(authorization)
    charge = label.charge_amount if label else None
    return {
        "return_number": authorization.number,
        "destination": authorization.destination,
        "address": authorization.address,
        "label_payer": authorization.label_payer,
        "label": authorization.label,
        "label_url": links.label_url(authorization) if label else "",
        "label_charge": str(charge) if charge else "",
        "answer": authorization.answer,
        "ship_by": ship_by.isoformat() if ship_by else "",
        "lines": [
            events.line_payload(line.order_line, locale, line.quantity)
            for line in lines.order_by("pk")
        ],
        "wanted": [
            full_title_in(line.wanted, locale) for line in lines.order_by("pk") if line.wanted
        ],
    }
