"""Customer choice: ask the customer about delayed or replaced lines and apply the answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from orders import events
from orders.backorders import backorders, refunds
from orders.cancellation import cancellation
from orders.models import Order, PurchaseOrder, Setback
from shipping.rerouting import purchase, search
from shipping.rerouting.search import Found
from storefront.lib.db.transactions import needs_transaction
from suppliers.inventory.ledger import NotEnoughStockError

Status = Setback.Status
Choice = Setback.Choice
Kind = Setback.Kind
# A customer with less time than this to respond is not asked.
LEAST_TO_ANSWER = timedelta(hours=2)


class NoLongerError(Exception):
    """The chosen option is no longer available, or another was chosen."""


def may_ask(row: Setback, *, now: datetime) -> bool:
    return backorders.answer_by(row, now=now) >= now + LEAST_TO_ANSWER


@needs_transaction
def ask_to_wait(row: Setback, found: Found, now: datetime) -> None:
    """Ask whether the customer accepts a later delivery; the units stay reserved.

    Locks:  the caller holds the order, and the units
    """
    purchase.keep(row, found)
    for line_id, level_id in found.levels.items():
        row.lines.filter(order_line=line_id, is_open=True).update(level=level_id)
    _ask(row, [Choice.WAIT, Choice.REFUND], now)


@needs_transaction
def ask_instead(row: Setback, found: Found, now: datetime) -> None:
    """Ask whether the customer accepts a substitute at the same price; reserve it on acceptance.

    Locks:  the caller holds the order
    """
    for variant_id, one in found.wanted.items():
        row.lines.filter(order_line=one.order_line_id, is_open=True).update(substitute=variant_id)
    row.arrives_by = found.arrives_by
    _ask(row, [Choice.SUBSTITUTE, Choice.REFUND], now)


@needs_transaction
def ask_of_delay(row: Setback, now: datetime) -> None:
    """Ask whether the customer accepts the supplier's delay; no response accepts it.

    Locks:  the caller holds the order
    """
    row.if_silent = Choice.WAIT
    row.save(update_fields=["if_silent"])
    _ask(row, [Choice.WAIT, Choice.REFUND], now)


def _ask(row: Setback, choices: Sequence[Choice], now: datetime) -> None:
    row.choices = [choice.value for choice in choices]
    row.answer_by = backorders.answer_by(row, now=now)
    row.save(update_fields=[*purchase.KEPT, "choices", "answer_by"])
    row.move(Status.ASKED, at=now, reason=row.reason)
    events.setback_asked(row, lines=backorders.open_lines(row), at=now)


def answer(*, setback: Setback, choice: Choice, actor: str, now: datetime) -> None:
    """Apply the customer's choice. Idempotent for the same choice.

    Shape:  an empty ``actor`` means that the response time ran out
    Locks:  the order, then what ordering or refunding locks
    Raises: NoLongerError  the option is no longer available, or another was chosen
    """
    found = None
    if choice == Choice.SUBSTITUTE and setback.status == Status.ASKED:
        rows = backorders.open_lines(setback)
        instead = {row: row.substitute for row in rows if row.substitute is not None}
        found = search.find(setback, list(instead), instead=instead, now=now)
        if len(found.lines) < len(rows):
            raise NoLongerError(setback)
    try:
        _answered(setback, choice, found, actor, now)
    except NotEnoughStockError as error:
        raise NoLongerError(setback) from error


@transaction.atomic(durable=True)
def _answered(
    setback: Setback, choice: Choice, found: Found | None, actor: str, now: datetime
) -> None:
    row = purchase.lock(setback)
    if row.chosen == choice:
        return
    if not purchase.goes_on(row) or row.status != Status.ASKED or choice.value not in row.choices:
        raise NoLongerError(setback)
    if choice == Choice.REFUND:
        _refund(row, actor, now)
        return
    reason = "the customer waits" if actor else "no answer in time"
    to = Status.REROUTED
    if row.kind == Kind.LATER:
        to = Status.AWAITED
    elif found is not None:
        reason = "replacement product"
        purchase.hold(row, [found], now)
        purchase.keep(row, found)
        row.save(update_fields=list(purchase.KEPT))
        purchase.order(row, now)
    else:
        purchase.order(row, now)
    backorders.end(row, to, reason=reason, actor=actor, chosen=choice.value, now=now)
    promised = Order.objects.filter(pk=row.order_id, arrives_to__lt=row.arrives_by)
    promised.update(arrives_to=row.arrives_by)


@needs_transaction
def _refund(row: Setback, actor: str, now: datetime) -> None:
    reason = "the customer wants a refund" if actor else "no answer in time"
    if row.kind == Kind.LATER:
        if row.purchase_order.status not in PurchaseOrder.STOPPABLE:
            raise NoLongerError(row)
        # The supplier has the order: request cancellation. What it cancels is refunded.
        chosen = Choice.REFUND.value
        backorders.end(row, Status.GIVEN_UP, reason=reason, actor=actor, chosen=chosen, now=now)
        cancellation.wish(row.purchase_order, reason=reason, now=now)
        return
    refunds.give_up(row, reason=reason, actor=actor, chosen=Choice.REFUND.value, now=now)
