"""CJ disputes: open, read and cancel our claims as disputes of CJ."""

from collections.abc import Mapping
from typing import Any

import msgspec

from storefront.lib.http.errors import ExternalServiceError, PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connectors import parsing
from suppliers.connectors.cj.client import ApiClient
from suppliers.connectors.cj.product_details import CURRENCY
from suppliers.connectors.cj.schemas import Id, ResponsePart
from suppliers.connectors.records import (
    ClaimReason,
    ClaimReport,
    ClaimRequest,
    ClaimResolution,
    ClaimStatus,
    PurchaseOrderRequestLine,
)

RESULT_CODES = {ClaimResolution.REFUND: 1, ClaimResolution.RESEND: 2}
TO_BALANCE = 1
# CJ's reason for ours is found by its name: the first of these words that a name contains decides.
REASON_KEYWORDS: Mapping[ClaimReason, tuple[str, ...]] = {
    ClaimReason.NOT_RECEIVED: ("not received", "lost", "delay"),
    ClaimReason.DAMAGED: ("damage", "broken", "defect", "quality"),
    ClaimReason.WRONG_ITEM: ("wrong", "incorrect"),
    ClaimReason.MISSING_ITEM: ("missing", "short"),
    ClaimReason.NOT_AS_DESCRIBED: ("describ", "match", "quality"),
    ClaimReason.OTHER: ("other",),
}
RESULT_STATUSES = {1: ClaimStatus.REFUNDED, 2: ClaimStatus.RESENT, 3: ClaimStatus.REFUSED}
CANCELED = "CANCEL"
PAGE_SIZE = 50
MAX_PAGES = 20


class DisputedLine(ResponsePart):
    """An order line that can be disputed; ``price`` is per unit."""

    line_item_id: Id = None
    cj_variant_id: Id = None
    quantity: Any = None
    price: Any = None


class DisputeProducts(ResponsePart):
    product_info_list: list[DisputedLine] | None = None


class Reason(ResponsePart):
    dispute_reason_id: Id = None
    reason_name: str | None = None


class DisputeTerms(ResponsePart):
    expect_result_option_list: list[Any] | None = None
    dispute_reason_list: list[Reason] | None = None


class Dispute(ResponsePart):
    id: Id = None
    dispute_id: Id = None
    business_dispute_id: Id = None
    order_id: Id = None
    status: Any = None
    finally_deal: Any = None
    money: Any = None


class DisputePage(ResponsePart):
    total_pages: int = 1
    content: list[Dispute] | None = None


def open_claim(api: ApiClient, claim: ClaimRequest) -> ClaimReport:
    """Open a dispute, unless one with this number exists.

    Raises: PermanentError  CJ rejects it, or has no such reason or line
    """
    if (known := _find_open(api, claim)) is not None:
        return known
    products = api.get_with_retries(
        "disputes/disputeProducts", DisputeProducts, orderId=claim.supplier_reference
    )
    lines = [_claimed_line(line, products) for line in claim.lines]
    order_lines = {"orderId": claim.supplier_reference, "productInfoList": lines}
    terms = api.post("disputes/disputeConfirmInfo", DisputeTerms, order_lines)
    expected = RESULT_CODES[claim.remedy]
    offered = [parsing.integer(option) for option in terms.expect_result_option_list or ()]
    if offered and expected not in offered:
        raise PermanentError(f"CJ offers no {claim.remedy} for this order", code="no_such_remedy")
    body = {
        **order_lines,
        "businessDisputeId": claim.number,
        "disputeReasonId": _reason(claim.claim_reason, terms),
        "expectType": expected,
        "refundType": TO_BALANCE,
        "messageText": claim.message,
        "imageUrl": list(claim.picture_urls),
        "videoUrl": [],
    }
    try:
        api.post("disputes/create", Any, body)
    except PermanentError as error:
        # CJ rejects a number that exists: the first look-up may have missed the dispute.
        known = None if error.is_outcome_unknown else _find_open(api, claim)
        if known is None:
            raise
        return known
    try:
        opened = _find_open(api, claim)
    except ExternalServiceError as error:
        error.is_outcome_unknown = True  # the dispute exists, only its status is unknown
        raise
    if opened is None:
        raise TemporaryError(
            f"{claim.number} was opened, but is not found",
            code="not_found",
            is_outcome_unknown=True,
        )
    return opened


def _find_open(api: ApiClient, claim: ClaimRequest) -> ClaimReport | None:
    states = claims(api, claim.supplier_reference)
    return next((state for state in states if state.number == claim.number), None)


def _claimed_line(line: PurchaseOrderRequestLine, products: DisputeProducts) -> dict[str, Any]:
    for offered in products.product_info_list or ():
        price = parsing.amount(offered.price)
        if parsing.text(offered.cj_variant_id) == line.sku and price is not None:
            return {
                "lineItemId": parsing.text(offered.line_item_id),
                "quantity": line.quantity,
                "price": msgspec.Raw(str(price).encode()),
            }
    raise PermanentError(f"CJ accepts no dispute about {line.sku}", code="no_such_line")


def _reason(claim_reason: ClaimReason, terms: DisputeTerms) -> str:
    reasons = terms.dispute_reason_list or []
    for keyword in (*REASON_KEYWORDS[claim_reason], *REASON_KEYWORDS[ClaimReason.OTHER]):
        for reason in reasons:
            if keyword in (reason.reason_name or "").lower():
                return parsing.text(reason.dispute_reason_id)
    raise PermanentError(f"CJ has no dispute reason for {claim_reason}", code="no_such_reason")


def claims(api: ApiClient, supplier_reference: str) -> tuple[ClaimReport, ...]:
    reports: list[ClaimReport] = []
    for number in range(1, MAX_PAGES + 1):
        page = api.get_with_retries(
            "disputes/getDisputeList",
            DisputePage,
            orderId=supplier_reference,
            pageNum=number,
            pageSize=PAGE_SIZE,
        )
        rows = page.content or []
        ours = {"", supplier_reference}
        reports += [_to_report(api, row) for row in rows if parsing.text(row.order_id) in ours]
        if not rows or number >= page.total_pages:
            break
    return tuple(reports)


def _to_report(api: ApiClient, row: Dispute) -> ClaimReport:
    """Return one dispute with its result, which only its own page has.

    Raises: TemporaryError  the answer is about another dispute: result and amount are unknown
    """
    name = parsing.text(row.dispute_id or row.id)
    detail = api.get_with_retries("disputes/getDisputeDetail", Dispute, disputeId=name)
    received = parsing.text(detail.dispute_id or detail.id)
    if received not in {"", name}:
        raise TemporaryError(f"requested dispute {name}, received {received}", code="other_claim")
    answer = RESULT_STATUSES.get(parsing.integer(detail.finally_deal) or 0, ClaimStatus.OPEN)
    if answer is ClaimStatus.OPEN and CANCELED in parsing.text(detail.status).upper():
        answer = ClaimStatus.CANCELED
    money = parsing.amount(detail.money)
    return ClaimReport(
        number=parsing.text(detail.business_dispute_id or row.business_dispute_id),
        supplier_claim_reference=name,
        answer=answer,
        amount=Money(money, CURRENCY) if money and answer is ClaimStatus.REFUNDED else None,
        raw=msgspec.to_builtins(detail),
    )


def cancel_claim(api: ApiClient, *, supplier_reference: str, supplier_claim_reference: str) -> None:
    api.post(
        "disputes/cancel",
        Any,
        {"orderId": supplier_reference, "disputeId": supplier_claim_reference},
    )
