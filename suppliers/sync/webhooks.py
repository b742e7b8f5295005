"""Supplier events: refresh the stock of reported products, quarantine too much, subscribe.

An event only names products: their stock is queried again, their pages are left to the next run.
The module also sets stock to zero after a supplier rejected an order as out of stock.
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
OF_NEWS = "News of single products: "
REFUSED = "refused:"  # the cause of what we wrote down ourselves: it is no figure of his
# The share that news may empty is counted from the last whole feed, and at most so far back.
COUNTED_FOR = timedelta(days=1)
URGENT_MS = 300


def hear(*, supplier: Supplier, news: SupplierNews, now: datetime) -> bool:
    """Ask again for stock at once; let the next runs of the jobs read a changed product.

    Returns whether it was of anything that we know.

    Raises: OutsideError  the supplier does not answer; the next run will ask him anyway
            QuarantinedError  news has emptied too much by now: nothing of it was applied
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
    """Ask how many there are of these products now, and show it.

    Raises: OutsideError  the supplier does not answer
            QuarantinedError  news has emptied too much by now: staff decide, as of a whole feed
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
    """Write down what a supplier said of single products.

    Raises: QuarantinedError  news has emptied too much by now: staff decide, as of a whole feed
            OperationalError  it ``is_urgent``, and somebody is writing a whole feed just now
    """
    doubt = _write(supplier, told, cause, now, is_urgent=is_urgent)
    if doubt is not None:
        _quarantine(supplier, doubt, now)
        raise QuarantinedError(doubt.reason)


@transaction.atomic(durable=True)
def none_left(*, supplier: Supplier, kept: Mapping[int, int], cause: str, now: datetime) -> None:
    """Believe a supplier who refuses an order for want of goods: nothing is for sale there.

    Else the next shopper buys what he will refuse again. A later figure of his counts as any.

    Shape:  ``kept`` maps stock rows to the units that lie there for what he ships all the same,
            and that his figure still counts
    Locks:  the supplier's locations, then the stock rows, in id order
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
    """Why news is not believed, and what it would change."""

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
    """Write the figures, or say why not."""
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
    """Keep the offers that the answers speak of: a row without a name may be any other one."""
    doubtful = [problem.row for problem in problems if problem.is_fatal]
    torn = [ref for ref, rows in told.items() if any(is_nameless(row) for row in rows)]
    read = [row.sku for ref in torn for row in told[ref] if isinstance(row, StockRecord)]
    return offers.exclude(supplier_sku__in=doubtful).exclude(
        ~Q(supplier_sku__in=read), supplier_product__in=torn
    )


def _too_much(supplier: Supplier, now: datetime) -> str:
    """Judge this news with all that came since the last whole feed: a storm comes row by row."""
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
    """Have staff decide, once: all news that is not believed waits on one page."""
    if _add_to_waiting(supplier, doubt, now):
        return
    try:
        run = runs.begin(supplier=supplier, kind=FeedRun.Kind.STOCK, now=now)
    except AlreadyRunningError:
        return  # that run reads and judges the whole feed
    work = Work(run, now=now)
    work.keep_changes = lambda: pending_changes.keep_news(run, doubt.moves, told_at=now)
    runs.quarantine(work, f"{OF_NEWS}{doubt.reason}")


@transaction.atomic(durable=True)
def _add_to_waiting(supplier: Supplier, doubt: _Doubt, now: datetime) -> bool:
    """Add to what waits already; a whole feed that waits told of these rows itself.

    Locks:  the run that waits
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
    """What was asked for: how many products are told of, are new, and are dropped."""

    wanted: int
    added: int
    dropped: int


def subscribe(*, supplier: Supplier, url: str) -> Subscribed:
    """Have his messages sent to ``url``, of the products we sell and of no others.

    What is published comes first: he tells of so many products and no more.

    Raises: OutsideError  he does not answer, or does not like the address; it is asked again
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
    """Return his products that we sell, those on sale now before those that may come back."""
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
