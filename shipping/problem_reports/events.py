"""Problem report events: record the receipt, and each question or answer, in the outbox."""

from datetime import datetime
from typing import Any

from orders import events, links
from orders.models import Order
from shipping.models import ProblemReport


def record_received(report: ProblemReport, *, order: Order, at: datetime) -> None:
    """Record the receipt: what the customer reported, and when it was received."""
    events.record_order_event(
        order,
        "problem.received",
        str(report.pk),
        customer_message=report.customer_message,
        received_at=at.isoformat(),
        **_payload(report, order),
        at=at,
    )


def record_answer(report: ProblemReport, *, order: Order, at: datetime, again: str = "") -> None:
    """Record a question or a decision; ``again`` makes the key of a repeated question unique."""
    settlement = report.settlement
    replacement = settlement.replacement if settlement else None
    events.record_order_event(
        order,
        "problem.answered",
        f"{report.pk}:{report.status}{again}",
        what=report.status,
        answer=report.answer,
        refund=str(settlement.refund_amount or "") if settlement else "",
        replacement=replacement.number if replacement else "",
        replacement_url=links.order_url(replacement) if replacement else "",
        **_payload(report, order),
        at=at,
    )


def _payload(report: ProblemReport, order: Order) -> dict[str, Any]:
    parcel = report.parcel
    lines = report.lines.select_related("order_line__variant__product__spec").order_by("pk")
    return {
        "kind": report.kind,
        "wish": report.wish,
        "carrier": parcel.carrier,
        "tracking_number": parcel.number,
        "lines": [
            events.line_payload(line.order_line, order.locale, line.quantity) for line in lines
        ],
    }
