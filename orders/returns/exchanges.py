"""Exchanges: send a replacement or another variant as a free order.

The new order is a regular order: stock is reserved, a supplier gets a purchase order, parcels are
tracked. It has no revenue, so the hold rules hold its purchase order until staff waive the loss.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from catalog.models import Variant
from orders import ledger
from orders.inventory import allocations
from orders.models import Order, Payment, PurchaseLine, ReturnAuthorization, ReturnLine
from orders.returns import events, exchange_options, refund_amounts, refunds, replacement_orders
from orders.returns.authorizations import lock
from orders.returns.eligibility import CannotReturnError
from orders.returns.exchange_options import ExchangeOption
from orders.returns.replacement_orders import ReplacementItem, ReplacementSource
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.money import Money
from storefront.lib.staff import columns

Status = ReturnAuthorization.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacementSources:
    """Current sources of the items to send, as routing chose them.

    Shape:  ``sources`` by order line id of the original; ``note`` is a ``routing.decision_log``
    """

    sources: Mapping[int, ReplacementSource] = field(default_factory=dict)
    note: Mapping[str, Any] = field(default_factory=dict)


NO_SOURCES = ReplacementSources()


def can_exchange(authorization: ReturnAuthorization) -> bool:
    """Return whether a return can be exchanged now: inspected, or kept by the customer."""
    is_ready = authorization.status == Status.INSPECTED or (
        authorization.status == Status.APPROVED and authorization.is_kept
    )
    if not is_ready or not authorization.is_withdrawal:
        return is_ready
    return authorization.lines.exclude(wanted=None).exists()  # else it is refunded


@transaction.atomic(durable=True)
def request_variants(
    *, authorization: ReturnAuthorization, wanted: Mapping[int, int | None]
) -> None:
    """Store the variants requested instead, or None; the latest call counts.

    Staff may store a more expensive one: ``exchange`` then requires ``is_free``.

    Shape:  ``wanted`` maps order lines to variants
    Locks:  the order
    Raises: CannotReturnError  the return is closed, the variant is not available, or a
                               withdrawal mixes an exchange with a refund
    """
    lock(authorization)
    if authorization.status in ReturnAuthorization.FINAL:
        raise CannotReturnError(gettext("This return is already closed."))
    requested_lines = {line for line, variant in wanted.items() if variant is not None}
    purchase_lines = exchange_options.find_purchase_lines(authorization)
    options = exchange_options.find_options(
        purchase_lines.values(), channel=authorization.order.channel
    )
    lines = list(authorization.lines.select_related("order_line"))
    if authorization.is_withdrawal:
        exchange_options.require_all_or_none(
            line.order_line_id in requested_lines
            for line in lines
            if line.accepted_quantity or authorization.status != Status.INSPECTED
        )
    for line in lines:
        variant_id = wanted.get(line.order_line_id)
        option_ids = {option.variant.pk for option in options.get(line.order_line_id, [])}
        if variant_id is not None and variant_id not in option_ids:
            raise CannotReturnError(exchange_options.unavailable_message(line))
        ReturnLine.objects.filter(pk=line.pk).update(wanted=variant_id)


@transaction.atomic(durable=True)
def exchange(  # noqa: PLR0913 - inputs of one decision
    *,
    authorization: ReturnAuthorization,
    actor: str,
    now: datetime,
    choice: Mapping[int, int | None] | None = None,
    is_free: bool = False,
    sources: ReplacementSources = NO_SOURCES,
) -> Order:
    """Create the replacement order of the accepted items; refund only a price difference.

    Lines not in ``sources`` use their original source.

    Shape:  ``choice`` maps order lines to variants; None means the same variant. Without ``choice``
            the requested variants apply. ``is_free`` allows a more expensive variant at no charge
    Locks:  the order, the orders it replaces (newest first), its payments; then the stock rows
            of the new order, in id order
    Raises: CannotReturnError       it cannot be exchanged, costs more, or is out of stock
            InvalidTransitionError  it ended
    """
    lock(authorization)
    return exchange_locked(
        authorization=authorization,
        actor=actor,
        now=now,
        choice=choice,
        is_free=is_free,
        sources=sources,
    )


@requires_transaction
def exchange_locked(  # noqa: PLR0913 - inputs of one decision
    *,
    authorization: ReturnAuthorization,
    actor: str,
    now: datetime,
    choice: Mapping[int, int | None] | None = None,
    is_free: bool = False,
    sources: ReplacementSources = NO_SOURCES,
    is_announced: bool = True,
) -> Order:
    """Exchange a return whose order the caller holds. Shape, Locks, Raises: as ``exchange``.

    Without ``is_announced`` the caller tells the customer.
    """
    order = authorization.order
    if authorization.status in ReturnAuthorization.FINAL or not can_exchange(authorization):
        raise CannotReturnError(gettext("Inspect the items first, or let the customer keep them."))
    refunds.require_no_chargeback(order)
    lines = refund_amounts.read_lines(authorization)
    _require_not_refunded(authorization, lines)
    purchase_lines = exchange_options.find_purchase_lines(authorization)
    variants = exchange_options.choose_variants(authorization, lines, purchase_lines, choice)
    if not variants:
        raise CannotReturnError(gettext("No items were accepted. Reject the return instead."))
    payment = _set_differences(authorization, lines, variants, is_free=is_free)
    items = [
        _build_item(
            line,
            purchase_lines[line.order_line_id],
            exchange_options.to_variant(variant),
            sources,
            now,
        )
        for line in lines
        if (variant := variants.get(line.order_line_id)) is not None
    ]
    authorization.purchase_order.order = order
    replacement = replacement_orders.create_replacement_order(
        order,
        items,
        # The last delivery address, which may differ from that of the order.
        ship_to=authorization.purchase_order.goes_to,
        routing_decision=sources.note,
        now=now,
    )
    replacement.move(
        Order.Status.PLACED, at=now, actor=actor, reason=f"it replaces {authorization.number}"
    )
    allocations.allocate(order=replacement, now=now)
    _close(authorization, lines, replacement, actor=actor, now=now)
    if is_announced:
        events.record_answer(authorization, what="exchanged", at=now)
    if payment is not None and authorization.difference_amount:
        ledger.request_refund(
            payment,
            amount=authorization.difference,
            purpose=refunds.difference_purpose(authorization),
            at=now,
            reason=f"{actor}: {authorization.number}, {replacement.number} costs less",
        )
    return replacement


def _require_not_refunded(authorization: ReturnAuthorization, lines: Sequence[ReturnLine]) -> None:
    """Require that staff refunded no line by item in full. Raises CannotReturnError."""
    for line, refunded in refund_amounts.refunded_by_item(authorization, lines).items():
        paid = refund_amounts.paid_for(line, currency=authorization.currency)
        if refunded and refunded >= paid - Money(line.deduction_amount, paid.currency):
            message = gettext("%(sku)s is refunded already, so it is not replaced as well.")
            raise CannotReturnError(message % {"sku": line.order_line.sku})


@requires_transaction
def _set_differences(
    authorization: ReturnAuthorization,
    lines: Sequence[ReturnLine],
    variants: Mapping[int, Variant | ExchangeOption],
    *,
    is_free: bool,
) -> Payment | None:
    """Set the difference to refund of each line; return the payment to refund from.

    Locks:  the payments of the order
    Raises: CannotReturnError  the payment has less to refund, and ``is_free`` is False
    """
    currency = authorization.currency
    payments = ledger.lock_authorized_payments(authorization.order_id)
    payment, refundable = refund_amounts.find_refundable(payments, currency)
    zero = Money.zero(currency)
    for line in lines:
        variant = variants.get(line.order_line_id)
        difference = zero
        if variant is not None:
            difference = exchange_options.refund_difference(
                line, variant, currency=currency, is_free=is_free
            )
        refunded = min(difference, refundable)
        if refunded < difference and not is_free:
            raise CannotReturnError(_insufficient_message(difference, refundable))
        refundable -= refunded
        line.difference_amount = refunded.amount
    return payment


def _insufficient_message(difference: Money, refundable: Money) -> str:
    message = gettext(
        "The replacement costs %(owed)s less, but only %(left)s can still be refunded. "
        "Pay the customer the rest manually and choose to send it at no extra cost."
    )
    return message % {"owed": columns.as_money(difference), "left": columns.as_money(refundable)}


def _build_item(
    line: ReturnLine,
    purchase_line: PurchaseLine,
    variant: Variant,
    chosen: ReplacementSources,
    now: datetime,
) -> ReplacementItem:
    source = chosen.sources.get(line.order_line_id)
    if source is not None and source.variant_id != variant.pk:
        message = gettext("The customer changed the request. Check it again.")
        raise CannotReturnError(message)
    if source is None and variant.pk != exchange_options.received_variant(purchase_line).pk:
        message = gettext("%(title)s is out of stock. Choose another product or refund the return.")
        raise CannotReturnError(message % {"title": variant.full_title})
    if source is None:
        source = replacement_orders.original_source(
            purchase_line,
            purchase_order=purchase_line.purchase_order,
            quantity=line.accepted_quantity,
            now=now,
        )
    return ReplacementItem(
        sold=line.order_line, variant=variant, quantity=line.accepted_quantity, source=source
    )


@requires_transaction
def _close(
    authorization: ReturnAuthorization,
    lines: Sequence[ReturnLine],
    replacement: Order,
    *,
    actor: str,
    now: datetime,
) -> None:
    refunds.set_paid_amounts(authorization, lines)
    for line in lines:  # rounding of another return of the line may have reduced its amount
        max_deduction = (line.paid_amount or Decimal(0)) - line.difference_amount
        line.deduction_amount = min(line.deduction_amount, max_deduction)
    authorization.move(
        Status.EXCHANGED,
        at=now,
        actor=actor,
        reason=f"replaced by {replacement.number}",
        replacement=replacement,
        difference_amount=sum((line.difference_amount for line in lines), Decimal(0)),
    )
    refunds.count_returned(lines)
