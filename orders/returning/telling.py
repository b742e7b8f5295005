"""What is told of returns: the receipt at once, and each answer of ours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from notifications.outbox import tell
from orders import facts
from orders.models import ReturnAuthorization


def declared(returns: Sequence[ReturnAuthorization], *, at: datetime) -> None:
    """Tell the receipt: what was declared, word for word, on which day and at what time."""
    first = returns[0]
    tell(
        name="return.declared",
        key=f"return.declared:{first.declaration}",
        subject=f"order:{first.order.number}",
        payload={
            **facts.basics(first.order),
            "kind": first.kind,
            "words": first.words,
            "day": at.date().isoformat(),
            "time": f"{at:%H:%M}",
            "returns": [_of_one(each) for each in returns],
        },
        at=at,
    )


def answered(
    authorization: ReturnAuthorization, *, what: str, at: datetime, again: str = ""
) -> None:
    """Tell what became of it: ``again`` tells apart what may be said more than once."""
    tell(
        name=f"return.{what}",
        key=f"return.{what}:{authorization.number}{again}",
        subject=f"order:{authorization.order.number}",
        payload={
            **facts.basics(authorization.order),
            "what": what,
            "kind": authorization.kind,
            "replacement": authorization.replacement.number if authorization.replacement else "",
            **_of_one(authorization),
        },
        at=at,
    )


def _of_one(authorization: ReturnAuthorization) -> dict[str, Any]:
    lines = authorization.lines.select_related("order_line__variant__product__spec")
    before = authorization.send_before
    return {
        "return_number": authorization.number,
        "destination": authorization.destination,
        "address": authorization.address,
        "label_payer": authorization.label_payer,
        "label": authorization.label,
        "answer": authorization.answer,
        "send_before": before.isoformat() if before else "",
        "lines": [
            facts.line_payload(line.order_line, line.quantity) for line in lines.order_by("pk")
        ],
    }
