"""Live check: query suppliers at checkout for stock, list the stock rows that must not be sold."""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from django.db import OperationalError, connections
from django.db.models import QuerySet

from catalog.records import ImportIssue
from storefront.lib.db.prepared_queries import PreparedQuery
from storefront.lib.db.transactions import OpenTransactionError, in_transaction
from storefront.lib.http import deadlines
from storefront.lib.http.errors import ExternalServiceError
from suppliers.connections.factory import open_for_live_check
from suppliers.connectors.capabilities import PagedStockAndPrice
from suppliers.connectors.records import DiscontinuedError, StockReport, is_missing_sku
from suppliers.inventory import publication
from suppliers.models import StockLevel, Supplier
from suppliers.models.policies import LiveCheckFallback
from suppliers.runs.runs import QuarantinedError
from suppliers.sync import webhooks

log = logging.getLogger(__name__)

TIMEOUT_S = 1.5  # for all suppliers together; the customer waits
MAX_CONCURRENT = 8
CAUSE = f"{webhooks.EVENT_CAUSE}asked at checkout"

type StockAnswer = tuple[StockReport | ImportIssue, ...]


@dataclass(frozen=True, slots=True)
class StockQuery:
    """One product of one supplier, and the stock rows of it that a cart needs."""

    supplier: Supplier
    external_id: str
    levels: list[StockLevel] = field(default_factory=list)


def unsellable_levels(*, wanted: Mapping[int, int], now: datetime) -> frozenset[int]:
    """Query the stock of these rows at the suppliers; return the rows that must not be sold.

    Answers are stored like webhook events, so the reservation decides by the new figure. Only rows
    that the reservation cannot decide are returned: of a discontinued product; without a readable
    answer, if the supplier's ``live_check_fallback`` is ``REFUSE``; or with too few units by an
    answer that could not be stored.

    Shape: ``wanted`` maps stock row ids to units
    Raises: OpenTransactionError
    """
    if in_transaction():
        raise OpenTransactionError("live stock check")
    if not wanted:
        return frozenset()
    queries = _queries(wanted)
    answers = _query_all(queries)
    refused: set[int] = set()
    queries_with_answer: dict[Supplier, list[StockQuery]] = defaultdict(list)
    for query in queries:
        answer = answers.get((query.supplier.pk, query.external_id))
        if isinstance(answer, DiscontinuedError):
            refused.update(level.pk for level in query.levels)
        elif answer is None:
            if query.supplier.live_check_fallback == LiveCheckFallback.REFUSE:
                refused.update(level.pk for level in query.levels)
        else:
            queries_with_answer[query.supplier].append(query)
            if query.supplier.live_check_fallback == LiveCheckFallback.REFUSE:
                unread = (level for level in query.levels if not _has_figure(answer, level))
                refused.update(level.pk for level in unread)
    for supplier, supplier_queries in queries_with_answer.items():
        supplier_answers = {
            query.external_id: cast("StockAnswer", answers[supplier.pk, query.external_id])
            for query in supplier_queries
        }
        if not _store_answers(supplier, supplier_answers, now):
            refused.update(_short_levels(supplier_queries, supplier_answers, wanted))
    variants = {
        level.offer.variant_id
        for supplier_queries in queries_with_answer.values()
        for query in supplier_queries
        for level in query.levels
    }
    publication.publish_now(
        variant_ids=[variant_id for variant_id in variants if variant_id is not None], now=now
    )
    return frozenset(refused)


def _queries(level_ids: Iterable[int]) -> list[StockQuery]:
    queries: dict[tuple[int, str], StockQuery] = {}
    for level in _LEVELS(ids=list(level_ids)):
        supplier, external_id = level.offer.supplier, level.offer.product_external_id
        query = queries.setdefault((supplier.pk, external_id), StockQuery(supplier, external_id))
        query.levels.append(level)
    return list(queries.values())


def _levels(*, ids: list[int]) -> QuerySet[StockLevel]:
    levels = StockLevel.objects.filter(pk__in=ids)
    return levels.select_related("offer__supplier", "location").order_by("pk")


_LEVELS = PreparedQuery(_levels)


def _query_all(
    queries: Sequence[StockQuery],
) -> dict[tuple[int, str], StockAnswer | DiscontinuedError]:
    """Query all concurrently; return the answers that arrive within ``TIMEOUT_S``."""
    ends_at = time.monotonic() + TIMEOUT_S
    answers: dict[tuple[int, str], StockAnswer | DiscontinuedError] = {}
    pool = ThreadPoolExecutor(max_workers=MAX_CONCURRENT, thread_name_prefix="ask-live")
    with ExitStack() as stack:
        suppliers = {query.supplier.pk: query.supplier for query in queries}
        connectors = open_for_live_check(suppliers.values(), stack)
        pairs = ((connectors.get(query.supplier.pk), query) for query in queries)
        futures = [
            pool.submit(_query, connector, query, ends_at, answers)
            for connector, query in pairs
            if isinstance(connector, PagedStockAndPrice)
        ]
        wait(futures, timeout=max(0.0, ends_at - time.monotonic()))
        pool.shutdown(wait=False, cancel_futures=True)
        return dict(answers)  # later answers are ignored


def _query(
    connector: PagedStockAndPrice,
    query: StockQuery,
    ends_at: float,
    answers: dict[tuple[int, str], StockAnswer | DiscontinuedError],
) -> None:
    supplier, external_id = query.supplier, query.external_id
    try:
        with deadlines.deadline_at(ends_at):
            answers[supplier.pk, external_id] = connector.stock(external_id=external_id)
    except DiscontinuedError as error:
        answers[supplier.pk, external_id] = error
    except ExternalServiceError as error:
        log.info("%s did not return the stock of %s: %s", supplier, external_id, error)
    except Exception:
        log.exception("no live check of %s was possible for %s", supplier, external_id)
    finally:
        connections.close_all()  # of this thread


def _store_answers(supplier: Supplier, answers: dict[str, StockAnswer], now: datetime) -> bool:
    """Store the answers; return whether that was possible without waiting."""
    try:
        webhooks.apply_stock_report(
            supplier=supplier, answers=answers, cause=CAUSE, now=now, is_urgent=True
        )
    except (QuarantinedError, OperationalError) as error:
        log.warning("%s: cannot store the stock of a live check: %s", supplier, error)
        return False
    return True


def _has_figure(answer: StockAnswer, level: StockLevel) -> bool:
    """Return whether an answer has a figure for a row. A row without SKU could be this one."""
    sku = level.offer.supplier_sku
    bad = [row for row in answer if isinstance(row, ImportIssue) and row.is_fatal]
    if any(row.row == sku for row in bad):
        return False
    has_figure = any(isinstance(row, StockReport) and row.sku == sku for row in answer)
    return has_figure or not any(is_missing_sku(row) for row in bad)


def _short_levels(
    queries: Iterable[StockQuery], answers: Mapping[str, StockAnswer], wanted: Mapping[int, int]
) -> Iterable[int]:
    """Yield the ids of stock rows with too few units, by the reservations before the query."""
    for query in queries:
        units = {
            (row.sku, row.location): row.quantity
            for row in answers[query.external_id]
            if isinstance(row, StockReport)
        }
        for level in query.levels:
            if not _has_figure(answers[query.external_id], level):
                continue  # no answer for it: accepted or refused already
            reported = units.get((level.offer.supplier_sku, level.location.code), 0)
            committed = level.safety_stock + level.allocated_outstanding + level.reserved
            if reported < wanted[level.pk] + committed:
                yield level.pk
