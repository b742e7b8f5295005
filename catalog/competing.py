"""Hear what other shops ask for our goods: look at a file first, then take it in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import batched

from django.db import transaction

from catalog import rows, waiting_prices
from catalog.competitor_lines import Line, Refusal, UnreadableFileError, read
from catalog.identifiers import mpn_key
from catalog.models import (
    CompetitorFile,
    CompetitorPrice,
    CompetitorPriceChange,
    Identifier,
    Variant,
)
from catalog.models.market import Match
from storefront.lib.transactions import needs_transaction

BATCH = 1000
MOST_BYTES = 8_000_000
MOST_REFUSALS_KEPT = 1000
# A clock may be wrong by a few hours; a price of next week is a mistake.
AHEAD = timedelta(days=1)
# How sure we are that the goods are ours, by the name that tells so.
SURE = {Match.SKU: Decimal("1.00"), Match.GTIN: Decimal("0.95"), Match.MPN: Decimal("0.80")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A line whose goods are ours."""

    line: Line
    variant_id: int
    by: Match
    confidence: Decimal
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a file would bring, each line of it either matched or refused."""

    matched: list[Matched] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def readable(content: bytes) -> str:
    """Return the text of a file of prices.

    Raises: UnreadableFileError  it is no such file
    """
    if len(content) > MOST_BYTES:
        raise UnreadableFileError(f"It is larger than {MOST_BYTES // 1_000_000} MB: split it.")
    try:
        text = content.decode("utf-8-sig").replace("\0", "")
    except UnicodeDecodeError:
        raise UnreadableFileError("It is not written in UTF-8.") from None
    if not any(True for _ in read(text)):
        raise UnreadableFileError("It has no lines.")
    return text


def receive(*, name: str, content: bytes, actor: str, now: datetime) -> CompetitorFile:
    """Keep a file, to be looked at before it counts.

    Raises: UnreadableFileError  it is no such file
    """
    return CompetitorFile.objects.create(
        name=name[-120:], content=readable(content), received_at=now, received_by=actor[:100]
    )


def preview(*, file: CompetitorFile) -> Preview:
    """Read a file and find the goods it names. Writes nothing.

    Raises: UnreadableFileError  it is no such file
    """
    found = Preview()
    lines: list[Line] = []
    for each in read(file.content):
        if isinstance(each, Line):
            lines.append(each)
        else:
            found.refused.append(each)
    for batch in batched(lines, BATCH):
        _match(batch, file=file, found=found)
    _keep_newest(found)
    found.refused.sort(key=lambda refusal: refusal.number)
    return found


def _match(lines: Sequence[Line], *, file: CompetitorFile, found: Preview) -> None:
    skus = {line.sku for line in lines if line.sku}
    known: dict[Match, dict[str, int]] = {
        Match.SKU: dict(Variant.objects.filter(sku__in=skus).values_list("sku", "pk")),
        Match.GTIN: _named("gtin", {line.gtin for line in lines if line.gtin}),
        Match.MPN: _named("mpn", {mpn_key(line.brand, line.mpn) for line in lines if line.mpn}),
    }
    for line in lines:
        as_of = line.as_of or file.received_at
        if as_of > file.received_at + AHEAD:
            found.refused.append(Refusal(line.number, f"It is of {as_of:%Y-%m-%d}, in the future."))
            continue
        names = {
            Match.SKU: line.sku,
            Match.GTIN: line.gtin,
            Match.MPN: mpn_key(line.brand, line.mpn) if line.brand and line.mpn else "",
        }
        hits = {by: known[by][name] for by, name in names.items() if name in known[by]}
        if not hits:
            told = ", ".join(f"{by.label} {name}" for by, name in names.items() if name)
            found.refused.append(Refusal(line.number, f"We have no such goods: {told}."))
        elif len(set(hits.values())) > 1:
            told = " and ".join(str(by.label) for by in hits)
            found.refused.append(Refusal(line.number, f"The {told} name different goods of ours."))
        else:
            by = next(iter(hits))
            found.matched.append(
                Matched(
                    line=line,
                    variant_id=hits[by],
                    by=by,
                    confidence=min(SURE[by], line.confidence),
                    as_of=as_of,
                )
            )


def _named(scheme: str, values: set[str]) -> dict[str, int]:
    sure = Identifier.objects.filter(scheme=scheme, value__in=values)
    return dict(sure.exclude(state=Identifier.State.CONFLICT).values_list("value", "variant_id"))


def _keep_newest(found: Preview) -> None:
    """Let one line speak for a shop and a variant: the newest, of equals the first."""
    best: dict[tuple[int, str], Matched] = {}
    for each in sorted(found.matched, key=lambda one: one.as_of, reverse=True):
        if best.setdefault((each.variant_id, each.line.competitor), each) is not each:
            reason = "Another line names the same goods and shop."
            found.refused.append(Refusal(each.line.number, reason))
    found.matched[:] = sorted(best.values(), key=lambda one: one.line.number)


def take_in(*, file: CompetitorFile, actor: str, now: datetime) -> Counter[str]:
    """Let the matched lines of a file count, and have the prices that follow them counted anew.

    Killed anywhere, it is done again: what is written already is not written twice.

    Locks:  of each thousand lines: the variants, then their competitor prices, in id order
    Raises: UnreadableFileError  it is no such file
    """
    found = preview(file=file)
    counts = Counter(matched=len(found.matched), refused=len(found.refused))
    for batch in batched(found.matched, BATCH):
        with transaction.atomic(durable=True):
            counts += _write(batch, source=file.name, actor=actor[:100], now=now)
    CompetitorFile.objects.filter(pk=file.pk).update(
        taken_at=now,
        counts=dict(counts),
        refused=[[each.number, each.reason] for each in found.refused[:MOST_REFUSALS_KEPT]],
    )
    return counts


@needs_transaction
def _write(batch: Sequence[Matched], *, source: str, actor: str, now: datetime) -> Counter[str]:
    variant_ids = [each.variant_id for each in batch]
    variants = Variant.objects.filter(pk__in=variant_ids).order_by("pk")
    # The goods are locked, so that of two files at once the second sees what the first wrote.
    alive = set(variants.select_for_update(of=["self"], no_key=True).values_list("pk", flat=True))
    present = {
        (price.variant_id, price.competitor): price
        for price in CompetitorPrice.objects.filter(variant__in=variant_ids)
        .select_for_update(of=["self"])
        .order_by("pk")
    }
    counts: Counter[str] = Counter()
    new: list[CompetitorPrice] = []
    changed: dict[CompetitorPrice, list[str]] = {}
    moved: list[CompetitorPrice] = []
    for each in batch:
        line = each.line
        if each.variant_id not in alive:
            continue
        price = present.get((each.variant_id, line.competitor))
        if price is not None and price.as_of > each.as_of:
            counts["older"] += 1  # we have heard newer news of it
            continue
        what = {"amount": line.amount, "currency": line.currency, "has_tax": line.has_tax}
        values = {
            **what,
            "url": line.url,
            "as_of": each.as_of,
            "confidence": each.confidence,
            "matched_by": each.by.value,
            "source": source,
            "told_by": actor,
        }
        if price is None:
            price = CompetitorPrice(
                variant_id=each.variant_id, competitor=line.competitor, **values
            )
            new.append(price)
            moved.append(price)
        elif names := rows.differing(price, values):
            changed[price] = names
            if what.keys() & set(names):
                moved.append(price)
    CompetitorPrice.objects.bulk_create(new)
    rows.update(CompetitorPrice, changed)
    CompetitorPriceChange.objects.bulk_create(_change(price, now=now) for price in moved)
    # Also news that only confirms a price may bring it back below the limit of its age.
    heard = {price.variant_id for price in [*new, *changed]}
    waiting_prices.follow_market(variant_ids=heard, now=now)
    counts["changed"] = len(moved)
    return counts


def _change(price: CompetitorPrice, *, now: datetime) -> CompetitorPriceChange:
    return CompetitorPriceChange(
        variant_id=price.variant_id,
        competitor=price.competitor,
        amount=price.amount,
        currency=price.currency,
        has_tax=price.has_tax,
        as_of=price.as_of,
        source=price.source,
        told_by=price.told_by,
        at=now,
    )
