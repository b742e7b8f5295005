"""Customer choice: ask the customer about delayed or replaced lines and apply the answer."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext

from orders import events
from orders.backorders import backorders, refunds
from orders.cancellation import cancellation
from orders.models import Backorder, Order, PurchaseOrder
from shipping.rerouting import purchase, search
from shipping.rerouting.search import SourcingPlan
from storefront.lib.db.transactions import requires_transaction
from suppliers.inventory.ledger import NotEnoughStockError

Status = Backorder.Status
Choice = Backorder.Choice
Kind = Backorder.Kind
# A customer with less time than this to respond is not asked.
MIN_RESPONSE_TIME = timedelta(hours=2)


class ChoiceUnavailableError(Exception):
    """The option is no longer available, or another one was chosen before."""

    def __str__(self) -> str:
        return gettext("This option is no longer available, or another one was chosen before.")


def has_time_to_respond(row: Backorder, *, now: datetime) -> bool:
    return backorders.choice_deadline(row, now=now) >= now + MIN_RESPONSE_TIME


@requires_transaction
def offer_later_source(row: Backorder, source: SourcingPlan, now: datetime) -> None:
    """Ask whether the customer accepts a later delivery; the units are already allocated.

    Locks:  the caller holds the order and the stock rows
    """
    purchase.store_plan(row, source)
    for line_id, level_id in source.levels.items():
        row.lines.filter(order_line=line_id, is_open=True).update(level=level_id)
    _ask_customer(row, [Choice.WAIT, Choice.REFUND], now)


@requires_transaction
def offer_substitute(row: Backorder, source: SourcingPlan, now: datetime) -> None:
    """Ask whether the customer accepts a substitute at the same price; nothing is reserved yet.

    Locks:  the caller holds the order
    """
    for variant_id, one in source.wanted.items():
        row.lines.filter(order_line=one.order_line_id, is_open=True).update(substitute=variant_id)
    row.arrives_by = source.arrives_by
    _ask_customer(row, [Choice.SUBSTITUTE, Choice.REFUND], now)


@requires_transaction
def ask_about_delay(row: Backorder, now: datetime) -> None:
    """Ask whether the customer accepts the supplier's delay; no answer counts as acceptance.

    Locks:  the caller holds the order
    """
    row.default_choice = Choice.WAIT
    row.save(update_fields=["default_choice"])
    _ask_customer(row, [Choice.WAIT, Choice.REFUND], now)


def _ask_customer(row: Backorder, choices: Sequence[Choice], now: datetime) -> None:
    row.choices = [choice.value for choice in choices]
    row.respond_by = backorders.choice_deadline(row, now=now)
    row.save(update_fields=[*purchase.PLAN_FIELDS, "choices", "respond_by"])
    row.move(Status.ASKED, at=now, reason=row.reason)
    events.backorder_choice(row, lines=backorders.open_lines(row), at=now)


def apply(*, backorder: Backorder, choice: Choice, actor: str, now: datetime) -> None:
    """Apply the customer's choice. Idempotent for the same choice.

    Shape:  an empty ``actor`` means that the response time ran out
    Locks:  the order, then what ordering or refunding locks
    Raises: ChoiceUnavailableError
    """
    source = None
    if choice == Choice.SUBSTITUTE and backorder.status == Status.ASKED:
        rows = backorders.open_lines(backorder)
        substitutes = {row: row.substitute for row in rows if row.substitute is not None}
        source = search.find_source(backorder, list(substitutes), instead=substitutes, now=now)
        if len(source.lines) < len(rows):
            raise ChoiceUnavailableError(backorder)
    try:
        _apply_locked(backorder, choice, source, actor, now)
    except NotEnoughStockError as error:
        raise ChoiceUnavailableError(backorder) from error


@transaction.atomic(durable=True)
def _apply_locked(
    backorder: Backorder, choice: Choice, source: SourcingPlan | None, actor: str, now: datetime
) -> None:
    row = purchase.lock_backorder(backorder)
    if row.chosen == choice:
        return
    if (
        not purchase.is_order_open(row)
        or row.status != Status.ASKED
        or choice.value not in row.choices
    ):
        raise ChoiceUnavailableError(backorder)
    if choice == Choice.REFUND:
        _refund(row, actor, now)
        return
    reason = "the customer waits" if actor else "no answer in time"
    to = Status.REROUTED
    if row.kind == Kind.LATER:
        to = Status.AWAITED
    elif source is not None:
        reason = "replacement product"
        purchase.allocate(row, [source], now)
        purchase.store_plan(row, source)
        row.save(update_fields=list(purchase.PLAN_FIELDS))
        purchase.create(row, now)
    else:
        purchase.create(row, now)
    backorders.close(row, to, reason=reason, actor=actor, chosen=choice.value, now=now)
    promised = Order.objects.filter(pk=row.order_id, arrives_to__lt=row.arrives_by)
    promised.update(arrives_to=row.arrives_by)


@requires_transaction
def _refund(row: Backorder, actor: str, now: datetime) -> None:
    reason = "the customer wants a refund" if actor else "no answer in time"
    if row.kind == Kind.LATER:
        if row.purchase_order.status not in PurchaseOrder.CANCELABLE:
            raise ChoiceUnavailableError(row)
        # The supplier has the order: request cancellation. What it cancels is refunded.
        chosen = Choice.REFUND.value
        backorders.close(row, Status.CANCELED, reason=reason, actor=actor, chosen=chosen, now=now)
        cancellation.request_cancellation(row.purchase_order, reason=reason, now=now)
        return
    refunds.cancel_backorder(row, reason=reason, actor=actor, chosen=Choice.REFUND.value, now=now)
