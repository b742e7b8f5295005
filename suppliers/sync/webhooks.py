"""Supplier events: refresh the stock of reported products, quarantine mass changes, subscribe.

An event only names products: their stock is queried, their pages are left to the next run. The
module also sets stock to zero after a supplier rejected an order as out of stock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.aggregates import BoolOr
from django.db import transaction
from django.db.models import Max, Q, QuerySet

from catalog.records import BadRow
from suppliers.connections.factory import adapter_for
from suppliers.connectors.capabilities import PagedStockAndPrice, Webhooks, able
from suppliers.connectors.records import NewsKind, StockRecord, SupplierNews, is_nameless
from suppliers.inventory import confirmations, publication
from suppliers.inventory import levels as inventory_levels
from suppliers.models import (
    FeedRun,
    StockLevel,
    StockMovement,
    Supplier,
    SupplierOffer,
    SupplierProduct,
)
from suppliers.quarantine import guards, limits, pending_changes
from suppliers.runs import runs
from suppliers.runs.runs import AlreadyRunningError, QuarantinedError, Work
from suppliers.runs.staging import run, staged

NEWS = "news:"
OF_NEWS = "Webhook stock update: "
REFUSED = "refused:"  # cause of our own writes, which are no reports of the supplier
# The share of stock that events may zero is counted since the last full run, at most this long.
COUNTED_FOR = timedelta(days=1)
URGENT_MS = 300


def hear(*, supplier: Supplier, news: SupplierNews, now: datetime) -> bool:
    """Handle an event: refresh stock now, or mark changed products for the next runs.

    Returns whether any product is known.

    Raises: OutsideError  the supplier does not answer; the next run queries it anyway
        QuarantinedError  events zeroed too much: nothing is applied
    """
    offers = SupplierOffer.objects.filter(supplier=supplier).filter(
        Q(supplier_sku__in=news.skus) | Q(supplier_product__in=news.product_refs)
    )
    refs = set(offers.values_list("supplier_product", flat=True))
    if not refs:
        return False
    if news.kind is NewsKind.STOCK:
        recount(supplier=supplier, refs=sorted(refs), cause=f"{NEWS}{news.external_id}", now=now)
    elif news.kind is NewsKind.PRODUCT:
        SupplierProduct.objects.filter(supplier=supplier, ref__in=refs).update(
            list_digest="", cost_digest=""
        )
    return True


def recount(*, supplier: Supplier, refs: Sequence[str], cause: str, now: datetime) -> None:
    """Query and publish the current stock of these products.

    Raises: OutsideError  the supplier does not answer
        QuarantinedError  events zeroed too much: staff decide
    """
    with adapter_for(supplier) as connector:
        figures = able(connector, PagedStockAndPrice)
        told = {ref: figures.stock(ref=ref) for ref in refs}
    heed(supplier=supplier, told=told, cause=cause, now=now)
    publication.publish_waiting(now=now)


def heed(
    *,
    supplier: Supplier,
    told: dict[str, tuple[StockRecord | BadRow, ...]],
    cause: str,
    now: datetime,
    is_urgent: bool = False,
) -> None:
    """Store what a supplier reported about single products.

    Raises: QuarantinedError  events zeroed too much: staff decide
        OperationalError  ``is_urgent``, and a run holds the lock
    """
    doubt = _write(supplier, told, cause, now, is_urgent=is_urgent)
    if doubt is not None:
        _quarantine(supplier, doubt, now)
        raise QuarantinedError(doubt.reason)


@transaction.atomic(durable=True)
def none_left(*, supplier: Supplier, kept: Mapping[int, int], cause: str, now: datetime) -> None:
    """Set stock to what still ships, after the supplier rejected an order as out of stock.

    Prevents further orders that it would reject. A later report overrides this.

    Shape: ``kept`` maps stock rows to the units in the supplier's figure that it still ships
    Locks: the supplier's locations, then the stock rows, in id order
    """
    levels = StockLevel.objects.filter(pk__in=list(kept), offer__supplier=supplier)
    empty = list(levels.exclude(as_of__gt=now).select_related("offer", "location"))
    if not empty:
        return
    with staged(inventory_levels.STAGE, inventory_levels.COLUMNS) as stage:
        for level in empty:
            told = StockRecord(
                sku=level.offer.supplier_sku,
                location=level.location.code,
                country=level.location.country,
                quantity=kept[level.pk],
            )
            inventory_levels.lay_out(stage, [told], ref=level.offer.supplier_product)
        stage.ready()
        inventory_levels.hold(supplier=supplier)
        inventory_levels.cover({level.offer_id for level in empty})
        inventory_levels.merge(
            supplier=supplier, cause=cause, as_of=now, received_at=now, is_whole=False
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doubt:
    """Why events were quarantined, and the changes they would make."""

    reason: str
    moves: list[tuple[Any, ...]]


@transaction.atomic(durable=True)
def _write(
    supplier: Supplier,
    told: dict[str, tuple[StockRecord | BadRow, ...]],
    cause: str,
    now: datetime,
    *,
    is_urgent: bool,
) -> _Doubt | None:
    """Store the figures, or return why not."""
    if is_urgent:
        run(f"SET LOCAL lock_timeout = {URGENT_MS}")
    offers = SupplierOffer.objects.filter(supplier=supplier, supplier_product__in=told)
    offers = offers.exclude(status=SupplierOffer.Status.GONE)
    with staged(inventory_levels.STAGE, inventory_levels.COLUMNS) as stage:
        problems = [
            problem
            for ref, figures in told.items()
            for problem in inventory_levels.lay_out(stage, figures, ref=ref)
        ]
        stage.ready()
        covered = list(_spoken(offers, told, problems).values_list("pk", flat=True))
        inventory_levels.hold(supplier=supplier)
        inventory_levels.cover(covered)
        if reason := _too_much(supplier, now):
            moves = pending_changes.moves_of_news(supplier_id=supplier.pk)
            return _Doubt(reason=reason, moves=moves)
        inventory_levels.merge(supplier=supplier, cause=cause, as_of=now, received_at=now)
        confirmations.confirm(covered=covered, as_of=now, received_at=now)
    return None


def _spoken(
    offers: QuerySet[SupplierOffer],
    told: dict[str, tuple[StockRecord | BadRow, ...]],
    problems: Sequence[BadRow],
) -> QuerySet[SupplierOffer]:
    """Return the offers in scope; a row without SKU puts the rest of its product out of scope."""
    doubtful = [problem.row for problem in problems if problem.is_fatal]
    torn = [ref for ref, rows in told.items() if any(is_nameless(row) for row in rows)]
    read = [row.sku for ref in torn for row in told[ref] if isinstance(row, StockRecord)]
    return offers.exclude(supplier_sku__in=doubtful).exclude(
        ~Q(supplier_sku__in=read), supplier_product__in=torn
    )


def _too_much(supplier: Supplier, now: datetime) -> str:
    """Return the violation if this event, with those since the last full run, zeroes too much."""
    emptied_now = inventory_levels.moved().emptied
    if not emptied_now:
        return ""
    last = _last_run(supplier, status=FeedRun.Status.APPLIED)
    since = max(last.started_at if last else now - COUNTED_FOR, now - COUNTED_FOR)
    mine = StockLevel.objects.filter(offer__supplier=supplier).exclude(
        offer__status=SupplierOffer.Status.GONE
    )
    by_news = StockMovement.objects.filter(
        kind=StockMovement.Kind.REPORTED,
        cause__startswith=NEWS,
        reported_delta__lt=0,
        at__gte=since,
    )
    emptied = mine.filter(reported_quantity=0, pk__in=by_news.values("level")).count()
    stocked = mine.filter(reported_quantity__gt=0).count()
    return guards.stock_is_believable(
        stocked=stocked + emptied,
        emptied=emptied + emptied_now,
        limits=limits.limits_of(supplier),
    )


def _quarantine(supplier: Supplier, doubt: _Doubt, now: datetime) -> None:
    """Quarantine the changes: merged into the run that awaits review, if any."""
    if _add_to_waiting(supplier, doubt, now):
        return
    try:
        run = runs.begin(supplier=supplier, kind=FeedRun.Kind.STOCK, now=now)
    except AlreadyRunningError:
        return  # that run checks the whole stock
    work = Work(run, now=now)
    work.keep_changes = lambda: pending_changes.keep_news(run, doubt.moves, told_at=now)
    runs.quarantine(work, f"{OF_NEWS}{doubt.reason}")


@transaction.atomic(durable=True)
def _add_to_waiting(supplier: Supplier, doubt: _Doubt, now: datetime) -> bool:
    """Merge into the run that awaits review; return whether there is one.

    A full run already contains these rows, so nothing is added to it.

    Locks: the pending run
    """
    waiting = FeedRun.objects.select_for_update(of=["self"]).filter(
        supplier=supplier, kind=FeedRun.Kind.STOCK, status=FeedRun.Status.QUARANTINED
    )
    last = waiting.order_by("-pk").first()
    if last is None:
        return False
    if last.problem.startswith(OF_NEWS) or last.names_changes:
        pending_changes.keep_news(last, doubt.moves, told_at=now)
    return True


def _last_run(supplier: Supplier, **which: str) -> FeedRun | None:
    stock = FeedRun.objects.filter(supplier=supplier, kind=FeedRun.Kind.STOCK, **which)
    return stock.order_by("-started_at", "-pk").first()


# Subscriptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed:
    """The number of products wanted, newly subscribed, and dropped."""

    wanted: int
    added: int
    dropped: int


def subscribe(*, supplier: Supplier, url: str) -> Subscribed:
    """Subscribe ``url`` to the events of the products that we sell.

    Limited by the supplier: published products come first.

    Raises: OutsideError  no answer, or the address is rejected; retried later
    """
    with adapter_for(supplier) as connector:
        webhooks = able(connector, Webhooks)
        webhooks.listen(url=url)
        wanted = list(sold(supplier)[: webhooks.most_subscribed()])
        present = webhooks.subscribed()
        if dropped := sorted(present.difference(wanted)):
            webhooks.unsubscribe(refs=dropped)
        new = [ref for ref in wanted if ref not in present]
        added = webhooks.subscribe(refs=new) if new else ()
    return Subscribed(wanted=len(wanted), added=len(added), dropped=len(dropped))


def sold(supplier: Supplier) -> QuerySet[SupplierOffer, str]:
    """Return the product ids that we sell, published ones first."""
    offers = SupplierOffer.objects.filter(
        supplier=supplier, status=SupplierOffer.Status.ACTIVE, variant__listings__isnull=False
    )
    ranked = offers.values("supplier_product").annotate(
        is_shown=BoolOr("variant__listings__is_published"),
        most=Max("variant__listings__available"),
    )
    return ranked.order_by("-is_shown", "-most", "supplier_product").values_list(
        "supplier_product", flat=True
    )
