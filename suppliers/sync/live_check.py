"""Live check: query suppliers at checkout for stock, list the stock rows that must not be sold."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from django.db import OperationalError, connections
from django.db.models import QuerySet

from catalog.records import BadRow
from storefront.lib.db.prepared_queries import Prepared
from storefront.lib.db.transactions import HeldTransactionError, in_transaction
from storefront.lib.http import deadlines
from storefront.lib.http.errors import OutsideError
from suppliers.connections.factory import adapter_for
from suppliers.connectors.capabilities import PagedStockAndPrice
from suppliers.connectors.records import GoneError, StockRecord, is_nameless
from suppliers.inventory import freshness, publication
from suppliers.models import StockLevel, Supplier
from suppliers.models.supplier import Unanswered
from suppliers.resilience.bulkheads import LaneFullError, Work, lane
from suppliers.runs.runs import QuarantinedError
from suppliers.sync import webhooks

log = logging.getLogger(__name__)

WITHIN_S = 1.5  # for all suppliers together; the customer waits
JUST_ASKED = timedelta(seconds=5)
AT_ONCE = 8
CAUSE = f"{webhooks.NEWS}asked at checkout"

type Told = tuple[StockRecord | BadRow, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One product of one supplier, and the stock rows of it that a cart needs."""

    supplier: Supplier
    ref: str
    levels: list[StockLevel] = field(default_factory=list)


def ask(*, wanted: Mapping[int, int], now: datetime) -> frozenset[int]:
    """Query stock that is too old or almost sold out; return the rows that must not be sold.

    Answers are stored like webhook events, so the reservation decides by the new figure.
    Returned are only rows that the reservation cannot decide: no (readable) answer and the
    supplier's ``unanswered`` is ``REFUSE``; the product is gone; or too few units, and the
    answer could not be stored.

    Shape: ``wanted`` maps stock row ids to units
    Raises: HeldTransactionError
    """
    if in_transaction():
        raise HeldTransactionError("live stock check")
    questions = _doubtful(wanted, now)
    if not questions:
        return frozenset()
    answers = _answers(questions)
    refused: set[int] = set()
    told: dict[Supplier, list[Question]] = defaultdict(list)
    for question in questions:
        answer = answers.get((question.supplier.pk, question.ref))
        if isinstance(answer, GoneError):
            refused.update(level.pk for level in question.levels)
        elif answer is None:
            if question.supplier.unanswered == Unanswered.REFUSE:
                refused.update(level.pk for level in question.levels)
        else:
            told[question.supplier].append(question)
            if question.supplier.unanswered == Unanswered.REFUSE:
                unread = (level for level in question.levels if not _is_told(answer, level))
                refused.update(level.pk for level in unread)
    for supplier, asked in told.items():
        heard = {
            question.ref: cast("Told", answers[supplier.pk, question.ref]) for question in asked
        }
        if not _heed(supplier, heard, now):
            refused.update(_too_few(asked, heard, wanted))
    variants = {
        level.offer.variant_id
        for asked in told.values()
        for question in asked
        for level in question.levels
    }
    publication.publish_soon(variant_ids=[one for one in variants if one is not None], now=now)
    return frozenset(refused)


def _doubtful(wanted: Mapping[int, int], now: datetime) -> list[Question]:
    doubtful = [
        level.pk
        for level in _AGES(ids=list(wanted), now=now)
        if _should_ask(level, wanted[level.pk], now)
    ]
    found: dict[tuple[int, str], Question] = {}
    for level in _LEVELS(ids=doubtful) if doubtful else ():
        supplier, ref = level.offer.supplier, level.offer.supplier_product
        question = found.setdefault((supplier.pk, ref), Question(supplier, ref))
        question.levels.append(level)
    return list(found.values())


def _should_ask(level: StockLevel, wanted: int, now: datetime) -> bool:
    supplier, seen = level.offer.supplier, cast(Any, level)
    return freshness.should_ask(
        age=now - seen.known_at,
        left=seen.free - wanted,
        asked_after=timedelta(minutes=supplier.asked_after_min),
        asked_below=supplier.asked_below,
        just_asked=JUST_ASKED,
    )


def _ages(*, ids: list[int], now: datetime) -> QuerySet[StockLevel]:
    """Fetch only what the decision needs: usually no check is needed."""
    levels = StockLevel.objects.with_available(now).filter(pk__in=ids)
    return levels.select_related("offer__supplier").only(
        "pk", "offer__supplier__asked_after_min", "offer__supplier__asked_below"
    )


def _levels(*, ids: list[int]) -> QuerySet[StockLevel]:
    levels = StockLevel.objects.filter(pk__in=ids)
    return levels.select_related("offer__supplier", "location").order_by("pk")


_AGES, _LEVELS = Prepared(_ages), Prepared(_levels)


def _answers(questions: Sequence[Question]) -> dict[tuple[int, str], Told | GoneError]:
    """Query all concurrently; return the answers that arrive within ``WITHIN_S``."""
    ends_at = time.monotonic() + WITHIN_S
    answers: dict[tuple[int, str], Told | GoneError] = {}
    pool = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="ask-live")
    with ExitStack() as lines:
        asked = [
            pool.submit(partial(_asked, connector, question.ref, ends_at, answers, question))
            for connector, question in _connected(questions, lines)
        ]
        wait(asked, timeout=max(0.0, ends_at - time.monotonic()))
        pool.shutdown(wait=False, cancel_futures=True)
        return dict(answers)  # later answers are ignored


def _connected(
    questions: Iterable[Question], lines: ExitStack
) -> list[tuple[PagedStockAndPrice, Question]]:
    """Open one connector per supplier that supports queries of single products."""
    connectors: dict[int, object] = {}
    for question in questions:
        supplier = question.supplier
        if supplier.pk in connectors:
            continue
        try:
            lines.enter_context(lane(Work.QUESTIONS, supplier.pk))
            connectors[supplier.pk] = lines.enter_context(adapter_for(supplier))
        except (LaneFullError, OutsideError) as error:
            log.info("%s is not asked for stock: %s", supplier, error)
            connectors[supplier.pk] = None
    pairs = [(connectors[question.supplier.pk], question) for question in questions]
    return [(one, question) for one, question in pairs if isinstance(one, PagedStockAndPrice)]


def _asked(
    connector: PagedStockAndPrice,
    ref: str,
    ends_at: float,
    answers: dict[tuple[int, str], Told | GoneError],
    question: Question,
) -> None:
    try:
        with deadlines.ending_at(ends_at):
            answers[question.supplier.pk, ref] = connector.stock(ref=ref)
    except GoneError as error:
        answers[question.supplier.pk, ref] = error
    except OutsideError as error:
        log.info("%s did not return the stock of %s: %s", question.supplier, ref, error)
    except Exception:
        log.exception("no live check of %s was possible for %s", question.supplier, ref)
    finally:
        connections.close_all()  # of this thread


def _heed(supplier: Supplier, heard: dict[str, Told], now: datetime) -> bool:
    """Store the answers; return whether that was possible without waiting."""
    try:
        webhooks.heed(supplier=supplier, told=heard, cause=CAUSE, now=now, is_urgent=True)
    except (QuarantinedError, OperationalError) as error:
        log.warning("%s: cannot store the stock of a live check: %s", supplier, error)
        return False
    return True


def _is_told(told: Told, level: StockLevel) -> bool:
    """Return whether an answer has a readable figure for a row.

    A row without SKU could be any row that has no figure.
    """
    sku = level.offer.supplier_sku
    bad = [row for row in told if isinstance(row, BadRow) and row.is_fatal]
    if any(row.row == sku for row in bad):
        return False
    has_figure = any(isinstance(row, StockRecord) and row.sku == sku for row in told)
    return has_figure or not any(is_nameless(row) for row in bad)


def _too_few(
    asked: Iterable[Question], heard: Mapping[str, Told], wanted: Mapping[int, int]
) -> Iterable[int]:
    """Yield the rows with too few units; ``reserved`` is as it was before the query."""
    for question in asked:
        units = {
            (row.sku, row.location): row.quantity
            for row in heard[question.ref]
            if isinstance(row, StockRecord)
        }
        for level in question.levels:
            if not _is_told(heard[question.ref], level):
                continue  # no answer for it: accepted or refused already
            told = units.get((level.offer.supplier_sku, level.location.code), 0)
            kept = level.buffer + level.allocated_unseen + level.reserved
            if told < wanted[level.pk] + kept:
                yield level.pk
