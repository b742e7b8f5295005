"""Rerouting: find another source for backordered lines, order there or ask the customer.

A line is rerouted only after its supplier rejected or canceled it, so two suppliers never ship one
line.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from orders.backorders import backorders, refunds
from orders.inventory import stock_outs
from orders.models import Backorder, BackorderLine, Order
from shipping.rates import quotes
from shipping.rerouting import customer_choice, plans, purchase, search
from shipping.rerouting.search import SourcingPlan
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.failpoints import failpoint
from storefront.lib.state_machine import ConcurrentUpdateError
from suppliers.inventory.ledger import NotEnoughStockError

Status = Backorder.Status
RETRY_AFTER = timedelta(seconds=30)


def due_backorders(*, now: datetime) -> QuerySet[Backorder]:
    """Return backorders that are due for a search, and those whose response time ran out."""
    rows = backorders.due_backorders(now=now).filter(order__status=Order.Status.PROCESSING)
    return rows.select_related(
        "order__channel", "purchase_order__location", "purchase_order__supplier"
    ).order_by("pk")


def retry_now(*, backorder: Backorder) -> None:
    """Make an open backorder due for a search at once.

    Raises: ConcurrentUpdateError  it is no longer open
    """
    rows = Backorder.objects.filter(pk=backorder.pk, status=Status.OPEN)
    if not rows.update(retry_at=None):
        raise ConcurrentUpdateError(f"{backorder}: no longer open")


def reroute(*, backorder: Backorder, now: datetime) -> None:
    """Reroute a backorder, ask the customer, or refund the lines without a source.

    The search takes no locks. If another order takes the units first, it is retried.
    Raises: customer_choice.ChoiceUnavailableError  another option was chosen meanwhile
    """
    if backorder.status == Status.ASKED:
        choice = Backorder.Choice(backorder.default_choice)
        customer_choice.apply(backorder=backorder, choice=choice, actor="", now=now)
        return
    if backorder.kind == Backorder.Kind.LATER:
        _handle_delay(backorder, now)
        return
    _zero_refused_stock(backorder)
    failpoint("rerouting.before_search")
    sourcing_plans, lost = plans.find_plans(backorder, now=now)
    substitutes = search.find_substitutes(backorder, lost)
    substitute_plan = None
    if substitutes:
        rows = list(substitutes)
        substitute_plan = search.find_source(
            backorder, rows, instead=substitutes, before=sourcing_plans, now=now
        )
    try:
        _apply_locked(backorder, sourcing_plans, substitute_plan, now)
        failpoint("rerouting.after_commit")
    except NotEnoughStockError as error:
        Backorder.objects.filter(pk=backorder.pk, status=Status.OPEN).update(
            retry_at=now + RETRY_AFTER, problem=str(error)[:300]
        )


def _zero_refused_stock(backorder: Backorder) -> None:
    """Lower the supplier's stock of lines that it rejected as out of stock."""
    refused = [
        row.order_line_id for row in backorder.lines.filter(code__in=stock_outs.OUT_OF_STOCK_CODES)
    ]
    stock_outs.zero_stock_after_refusal(backorder.purchase_order, refused, now=backorder.opened_at)


@transaction.atomic(durable=True)
def _apply_locked(
    backorder: Backorder,
    sourcing_plans: Sequence[SourcingPlan],
    substitute_plan: SourcingPlan | None,
    now: datetime,
) -> None:
    """Order the planned lines or ask the customer; offer substitutes, refund the remaining lines.

    Locks:  the order, the backorder, promotions with a limit, payments, stock rows
    Raises: NotEnoughStockError  another order took the units
    """
    row = purchase.lock_backorder(backorder)
    if purchase.is_order_open(row) and row.status == Status.OPEN:
        _resolve_lines(row, sourcing_plans, substitute_plan, now)
        failpoint("rerouting.before_commit")


@requires_transaction
def _resolve_lines(
    row: Backorder,
    sourcing_plans: Sequence[SourcingPlan],
    substitute_plan: SourcingPlan | None,
    now: datetime,
) -> None:
    """Order, offer or refund each line; the caller holds the backorder."""
    may_ask = customer_choice.has_time_to_respond(row, now=now)
    accepted = [plan for plan in sourcing_plans if plan.is_in_time(row) or may_ask]
    accepted.sort(key=lambda plan: not plan.is_in_time(row))  # on-time plans first
    replaced = substitute_plan.lines if substitute_plan is not None and may_ask else []
    groups = [*(plan.lines for plan in accepted), *([replaced] if replaced else [])]
    sourced = {line.order_line_id for lines in groups for line in lines}
    lost = {line.order_line_id for line in backorders.open_lines(row)} - sourced
    if lost:
        refunds.cancel_backorder(row, only=lost if sourced else None, reason=row.reason, now=now)
    # The first group stays in this backorder, which keeps the delivery price that was paid.
    rows = [
        row if index == 0 else _split_backorder(row, lines, now)
        for index, lines in enumerate(groups)
    ]
    divided = [purchase.split_lines(plan) for plan in accepted]
    purchase.allocate(row, divided, now)
    for backorder, plan in zip(rows, divided, strict=False):
        _order_or_ask(backorder, plan, now)
    if substitute_plan is not None and replaced:
        customer_choice.offer_substitute(rows[-1], substitute_plan, now)


@requires_transaction
def _order_or_ask(row: Backorder, sourcing: SourcingPlan, now: datetime) -> None:
    """Order the reserved units if they arrive on time, otherwise ask the customer."""
    if not sourcing.is_in_time(row):
        customer_choice.offer_later_source(row, sourcing, now)
        return
    purchase.store_plan(row, sourcing)
    row.save(update_fields=list(purchase.PLAN_FIELDS))
    purchase.create(row, now)
    backorders.close(row, Status.REROUTED, reason="arrives in time", now=now)


@requires_transaction
def _split_backorder(row: Backorder, lines: Sequence[BackorderLine], now: datetime) -> Backorder:
    other = Backorder.objects.create(
        order=row.order,
        purchase_order_id=row.purchase_order_id,
        kind=row.kind,
        status_since=now,
        reason=row.reason,
        currency=row.currency,
        promised_by=row.promised_by,
        opened_at=row.opened_at,
    )
    row.lines.filter(pk__in=[line.pk for line in lines]).update(backorder=other)
    for line in lines:
        line.backorder = other
    return other


@transaction.atomic(durable=True)
def _handle_delay(backorder: Backorder, now: datetime) -> None:
    """Ask the customer about a supplier's delay, unless the lines still arrive on time.

    Locks:  the order, then the backorder
    """
    row = purchase.lock_backorder(backorder)
    if not purchase.is_order_open(row) or row.status != Status.OPEN or row.ships_by is None:
        return
    row.arrives_by = _arrival_date(row, row.ships_by)
    if row.promised_by is None or row.arrives_by <= row.promised_by:
        row.save(update_fields=["arrives_by"])
        backorders.close(row, Status.AWAITED, reason="arrives in time", now=now)
        return
    customer_choice.ask_about_delay(row, now)


def _arrival_date(row: Backorder, ships_by: date) -> date:
    """Return the arrival date, estimated if the purchase order's route no longer exists."""
    purchase_order = row.purchase_order
    routes = quotes.routes_from(
        purchase_order.location_id,
        country=row.order.ship_to["country"],
        currency=row.currency,
        now=row.opened_at,
    )
    max_days = [one.max_days for one in routes if one.code == purchase_order.service_code]
    if max_days:
        return ships_by + timedelta(days=max(max_days))
    delay = ships_by - row.opened_at.date()
    return (row.promised_by or ships_by) + max(delay, timedelta(0))
