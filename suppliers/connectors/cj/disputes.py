"""CJ disputes: open, read and cancel our claims as disputes of CJ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from storefront.lib.http.errors import OutsideError, PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connectors import parsing
from suppliers.connectors.cj.client import Wire
from suppliers.connectors.cj.product_details import CURRENCY
from suppliers.connectors.cj.schemas import Id, Shape
from suppliers.connectors.records import (
    ClaimAnswer,
    ClaimRequest,
    ClaimState,
    Remedy,
    RequestLine,
    Trouble,
)

EXPECTED = {Remedy.REFUND: 1, Remedy.RESEND: 2}
TO_BALANCE = 1
# Maps our claim reasons to CJ's: the first one that contains one of these words.
WORDS: Mapping[Trouble, tuple[str, ...]] = {
    Trouble.NOT_RECEIVED: ("not received", "lost", "delay"),
    Trouble.DAMAGED: ("damage", "broken", "defect", "quality"),
    Trouble.WRONG_ITEM: ("wrong", "incorrect"),
    Trouble.MISSING_ITEM: ("missing", "short"),
    Trouble.NOT_AS_DESCRIBED: ("describ", "match", "quality"),
    Trouble.OTHER: ("other",),
}
DECIDED = {
    1: ClaimAnswer.REFUNDED,
    2: ClaimAnswer.RESENT,
    3: ClaimAnswer.REFUSED,
}
CANCELED = "CANCEL"
PAGE_SIZE = 50
MOST_PAGES = 20


class DisputedLine(Shape):
    """An order line that can be disputed; ``price`` is per unit."""

    line_item_id: Id = None
    cj_variant_id: Id = None
    quantity: Any = None
    price: Any = None


class DisputeProducts(Shape):
    """The lines of an order that can be disputed."""

    product_info_list: list[DisputedLine] | None = None


class Reason(Shape):
    """One of CJ's dispute reasons."""

    dispute_reason_id: Id = None
    reason_name: str | None = None


class DisputeTerms(Shape):
    """The possible outcomes and reasons of a dispute."""

    expect_result_option_list: list[Any] | None = None
    dispute_reason_list: list[Reason] | None = None


class Dispute(Shape):
    """A dispute and its status."""

    id: Id = None
    dispute_id: Id = None
    business_dispute_id: Id = None
    order_id: Id = None
    status: Any = None
    finally_deal: Any = None
    money: Any = None


class DisputePage(Shape):
    """One page of the list of disputes."""

    total_pages: int = 1
    content: list[Dispute] | None = None


def open_claim(wire: Wire, claim: ClaimRequest) -> ClaimState:
    """Open a dispute, unless one with this number exists.

    Raises: PermanentError  CJ rejects it, or has no such reason or line
    """
    if (known := _known(wire, claim)) is not None:
        return known
    products = wire.patiently(
        "disputes/disputeProducts", DisputeProducts, orderId=claim.supplier_reference
    )
    lines = [_chosen(line, products) for line in claim.lines]
    named = {"orderId": claim.supplier_reference, "productInfoList": lines}
    terms = wire.post("disputes/disputeConfirmInfo", DisputeTerms, named)
    expected = EXPECTED[claim.remedy]
    offered = [parsing.whole(option) for option in terms.expect_result_option_list or ()]
    if offered and expected not in offered:
        raise PermanentError(f"CJ offers no {claim.remedy} for this order", code="no_such_remedy")
    body = {
        **named,
        "businessDisputeId": claim.number,
        "disputeReasonId": _reason(claim.trouble, terms),
        "expectType": expected,
        "refundType": TO_BALANCE,
        "messageText": claim.message,
        "imageUrl": list(claim.picture_urls),
        "videoUrl": [],
    }
    try:
        wire.post("disputes/create", Any, body)
    except PermanentError as error:
        # CJ rejects a number that it has: the first look-up missed it.
        known = None if error.may_have_happened else _known(wire, claim)
        if known is None:
            raise
        return known
    try:
        opened = _known(wire, claim)
    except OutsideError as error:
        error.may_have_happened = True  # the dispute exists, only its status is unknown
        raise
    if opened is None:
        raise TemporaryError(
            f"{claim.number} was opened, but is not found", code="not_found", may_have_happened=True
        )
    return opened


def _known(wire: Wire, claim: ClaimRequest) -> ClaimState | None:
    states = claims(wire, claim.supplier_reference)
    return next((state for state in states if state.number == claim.number), None)


def _chosen(line: RequestLine, products: DisputeProducts) -> dict[str, Any]:
    for offered in products.product_info_list or ():
        price = parsing.amount(offered.price)
        if parsing.text(offered.cj_variant_id) == line.sku and price is not None:
            return {
                "lineItemId": parsing.text(offered.line_item_id),
                "quantity": line.quantity,
                "price": msgspec.Raw(str(price).encode()),
            }
    raise PermanentError(f"CJ accepts no dispute about {line.sku}", code="no_such_line")


def _reason(trouble: Trouble, terms: DisputeTerms) -> str:
    reasons = terms.dispute_reason_list or []
    for word in (*WORDS[trouble], *WORDS[Trouble.OTHER]):
        for reason in reasons:
            if word in (reason.reason_name or "").lower():
                return parsing.text(reason.dispute_reason_id)
    raise PermanentError(f"CJ has no dispute reason for {trouble}", code="no_such_reason")


def claims(wire: Wire, supplier_reference: str) -> tuple[ClaimState, ...]:
    found: list[ClaimState] = []
    for number in range(1, MOST_PAGES + 1):
        page = wire.patiently(
            "disputes/getDisputeList",
            DisputePage,
            orderId=supplier_reference,
            pageNum=number,
            pageSize=PAGE_SIZE,
        )
        rows = page.content or []
        found += [_state(wire, row) for row in rows if _is_of(row, supplier_reference)]
        if not rows or number >= page.total_pages:
            break
    return tuple(found)


def _is_of(row: Dispute, supplier_reference: str) -> bool:
    return parsing.text(row.order_id) in {"", supplier_reference}


def _state(wire: Wire, row: Dispute) -> ClaimState:
    """Return one dispute with its result, which only its own page has.

    Raises: TemporaryError  the answer is about another dispute: result and amount are unknown
    """
    name = parsing.text(row.dispute_id or row.id)
    whole = wire.patiently("disputes/getDisputeDetail", Dispute, disputeId=name)
    told = parsing.text(whole.dispute_id or whole.id)
    if told not in {"", name}:
        raise TemporaryError(f"requested dispute {name}, received {told}", code="other_claim")
    answer = DECIDED.get(parsing.whole(whole.finally_deal) or 0, ClaimAnswer.OPEN)
    if answer is ClaimAnswer.OPEN and CANCELED in parsing.text(whole.status).upper():
        answer = ClaimAnswer.CANCELED
    money = parsing.amount(whole.money)
    return ClaimState(
        number=parsing.text(whole.business_dispute_id or row.business_dispute_id),
        supplier_claim=name,
        answer=answer,
        amount=Money(money, CURRENCY) if money and answer is ClaimAnswer.REFUNDED else None,
        raw=msgspec.to_builtins(whole),
    )


def cancel(wire: Wire, *, supplier_reference: str, supplier_claim: str) -> None:
    wire.post("disputes/cancel", Any, {"orderId": supplier_reference, "disputeId": supplier_claim})
