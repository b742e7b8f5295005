"""Competitor price import: decode and store a list, import its matched lines, delete old lists.

All lists enter here: files from staff, lists sent to our API, lists fetched from a source.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from catalog.competitors import labels, matching
from catalog.competitors.csv_format import RejectedLine, UnreadableFileError
from catalog.competitors.formats import PARSERS, detect_format
from catalog.competitors.matching import BATCH, ImplausibleListError, MatchedPrice, preview
from catalog.enums import ListFormat
from catalog.models import CompetitorPrice, CompetitorPriceChange, CompetitorPriceList, Variant
from catalog.models.competitors import ImportOutcome, SourceType
from catalog.pricing import repricing_queue
from catalog.pricing.market import MAX_COMPETITOR_PRICE_AGE
from storefront.lib.db import bulk
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.http.redaction import redact

MAX_BYTES = 8_000_000
MAX_STORED_REJECTIONS = 1000
# Retention of automatically received lists (sent by API or fetched) and their import results.
# Each changed price is kept forever.
LIST_RETENTION = timedelta(days=30)
# List contents are large: they are kept for a shorter time.
CONTENT_RETENTION = timedelta(days=3)
# Of each sender, only the contents of the newest lists are kept.
MAX_STORED_CONTENTS = 20
DELETE_BATCH = 500
RECORDED_FIELDS = (
    *("variant_id", "competitor", "amount", "currency", "has_tax", "as_of", "source"),
    "reported_by",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    file: CompetitorPriceList
    outcomes: list[tuple[MatchedPrice, ImportOutcome]]
    rejected: list[RejectedLine]

    @property
    def counts(self) -> Counter[str]:
        outcomes = Counter(str(outcome) for _, outcome in self.outcomes)
        return outcomes + Counter(matched=len(self.outcomes), refused=len(self.rejected))


def decode(content: bytes, *, list_format: ListFormat | None = None) -> tuple[str, ListFormat]:
    """Return the text of a price list and its format.

    Raises: UnreadableFileError  not a price list
    """
    if len(content) > MAX_BYTES:
        raise UnreadableFileError("too_large", most=MAX_BYTES // 1_000_000)
    try:
        text = content.decode("utf-8-sig").replace("\0", "")
    except UnicodeDecodeError:
        raise UnreadableFileError("no_utf8") from None
    detected_format = list_format or detect_format(text)
    if not any(True for _ in PARSERS[detected_format](text)):
        raise UnreadableFileError("no_lines")
    return text, detected_format


def store_list(  # noqa: PLR0913 - content, sender and source type
    *,
    name: str,
    content: bytes,
    actor: str,
    now: datetime,
    list_format: ListFormat | None = None,
    source_type: SourceType = SourceType.HAND,
    as_of: datetime | None = None,
    hidden: Iterable[str] = (),
) -> CompetitorPriceList:
    """Store a list for preview or import.

    ``as_of`` is the date of the prices in lines without a date of their own. ``hidden`` are secrets
    to redact from the content: a source may echo the credential that we sent.
    Raises: UnreadableFileError  not a price list
    """
    text, detected_format = decode(content, list_format=list_format)
    file = CompetitorPriceList.objects.create(
        name=name[-120:],
        content=redact(text, hidden),
        list_format=detected_format.value,
        source_type=source_type,
        as_of=as_of,
        received_at=now,
        received_by=actor[:100],
    )
    if source_type is not SourceType.HAND:
        lists = _machine_lists().filter(received_by=file.received_by)
        spare = lists.order_by("-received_at", "-pk").values("pk")[MAX_STORED_CONTENTS:]
        CompetitorPriceList.objects.filter(pk__in=spare).update(content="")
    return file


def import_list(
    *, file: CompetitorPriceList, actor: str, now: datetime, is_previewed: bool = True
) -> ImportResult:
    """Import the matched lines of a list and queue the affected prices for repricing.

    Can be repeated after a crash. An implausible list that staff did not preview is not imported,
    but held for review.
    Locks:  in batches of lines: the variants, then their competitor prices, in id order
    Raises: UnreadableFileError   not a price list, or its content is no longer stored
            ImplausibleListError  too many implausible changes
    """
    matches = preview(file=file)
    if not is_previewed and (why := matching.check_plausibility(matches.matched)):
        counts = {"matched": len(matches.matched), "refused": len(matches.rejected), **why}
        problem = labels.IMPLAUSIBLE
        _save_result(
            file, problem=problem, imported_at=None, counts=counts, rejected=matches.rejected
        )
        raise ImplausibleListError(labels.implausible_changes(why))
    result = ImportResult(file=file, outcomes=[], rejected=matches.rejected)
    for batch in batched(matches.matched, BATCH):
        with transaction.atomic(durable=True):
            done = _write(batch, source=file.name, actor=actor[:100], now=now)
        for match in batch:
            if match.line.number in done:
                result.outcomes.append((match, done[match.line.number]))
            else:
                result.rejected.append(RejectedLine(match.line.number, "variant_deleted"))
    result.rejected.sort(key=lambda line: line.number)
    _save_result(
        file, problem="", imported_at=now, counts=dict(result.counts), rejected=result.rejected
    )
    return result


def delete_old(*, now: datetime) -> int:
    """Delete old lists that were sent by API or fetched; return the number of deleted lists.

    Lists older than ``CONTENT_RETENTION`` lose their content, and are deleted after
    ``LIST_RETENTION``. Lists from staff and the price history stay.
    """
    _machine_lists().filter(received_at__lt=now - CONTENT_RETENTION).update(content="")
    machine_made = CompetitorPriceList.objects.exclude(source_type=SourceType.HAND)
    old = machine_made.filter(received_at__lt=now - LIST_RETENTION).order_by("pk")
    deleted = 0
    while ids := list(old.values_list("pk", flat=True)[:DELETE_BATCH]):
        # ``delete()`` loads the rows, because sources reference them. Do not load their contents.
        deleted += CompetitorPriceList.objects.filter(pk__in=ids).only("pk").delete()[0]
    return deleted


def _machine_lists() -> QuerySet[CompetitorPriceList]:
    """Return lists that were sent by API or fetched and still have their content."""
    return CompetitorPriceList.objects.exclude(source_type=SourceType.HAND).exclude(content="")


def _save_result(
    file: CompetitorPriceList, *, rejected: Sequence[RejectedLine], **fields: Any
) -> None:
    rows = [
        [rejection.number, rejection.code, dict(rejection.values)]
        for rejection in rejected[:MAX_STORED_REJECTIONS]
    ]
    CompetitorPriceList.objects.filter(pk=file.pk).update(refused=rows, **fields)


@requires_transaction
def _write(
    batch: Sequence[MatchedPrice], *, source: str, actor: str, now: datetime
) -> dict[int, ImportOutcome]:
    """Save new prices; return the result of each line, without lines whose variant was deleted."""
    variant_ids = [match.variant_id for match in batch]
    variants = Variant.objects.filter(pk__in=variant_ids).order_by("pk")
    # Locks the variants, so that the second of two imports sees what the first wrote.
    alive = set(variants.select_for_update(of=["self"], no_key=True).values_list("pk", flat=True))
    present = {
        (price.variant_id, price.competitor): price
        for price in CompetitorPrice.objects.filter(variant__in=variant_ids)
        .select_for_update(of=["self"])
        .order_by("pk")
    }
    done: dict[int, ImportOutcome] = {}
    new: list[CompetitorPrice] = []
    changed: dict[CompetitorPrice, list[str]] = {}
    moved: list[CompetitorPrice] = []
    affected: set[int] = set()  # variants whose market prices changed
    for match in batch:
        line = match.line
        if match.variant_id not in alive:
            continue
        price = present.get((match.variant_id, line.competitor))
        if price is not None and price.as_of > match.as_of:
            done[line.number] = ImportOutcome.OLDER  # a newer price is known
            continue
        done[line.number] = ImportOutcome.CONFIRMED
        what = {"amount": line.amount, "currency": line.currency, "has_tax": line.has_tax}
        values = {
            **what,
            "url": line.url,
            "as_of": match.as_of,
            "confidence": match.confidence,
            "matched_by": match.by.value,
            "source": source,
            "reported_by": actor,
        }
        if price is None:
            price = CompetitorPrice(
                variant_id=match.variant_id, competitor=line.competitor, **values
            )
            new.append(price)
            moved.append(price)
            done[line.number] = ImportOutcome.CHANGED
            continue
        # A list that only confirms a price may make an expired price current again.
        if price.as_of <= now - MAX_COMPETITOR_PRICE_AGE:
            affected.add(price.variant_id)
        if names := bulk.set_changed(price, values):
            changed[price] = names
            if what.keys() & set(names):
                moved.append(price)
                done[line.number] = ImportOutcome.CHANGED
            if "confidence" in names:
                affected.add(price.variant_id)
    CompetitorPrice.objects.bulk_create(new)
    bulk.update(CompetitorPrice, changed)
    CompetitorPriceChange.objects.bulk_create(
        CompetitorPriceChange(at=now, **{name: getattr(price, name) for name in RECORDED_FIELDS})
        for price in moved
    )
    affected |= {price.variant_id for price in moved}
    repricing_queue.enqueue_market_followers(variant_ids=affected, now=now)
    return done
