"""Dry run: simulate a price book over its channel, store and export the result, check its age.

A dry run is stale after a day, or when the live book, selling costs or exchange rates changed.
"""

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from catalog.listings import price_updates, repricing
from catalog.listings.repricing import BATCH
from catalog.models import Channel, Listing, PriceBook, Variant
from catalog.pricing import policy as pricing_policy
from catalog.pricing.batch import ONE_DAY
from catalog.pricing.landed_cost import DUTY_CURRENCY, LandedCost
from catalog.pricing.price_calculation import CENT, Calculation

MAX_AGE = timedelta(hours=24)  # by then costs and prices have changed
RERUN_HINT = "start a new dry run and check the changes."


def input_hash(*, channel: Channel, now: datetime) -> str:
    """Hash the live book, selling costs, destinations and rates: all inputs but the draft."""
    channel = Channel.objects.get(pk=channel.pk)
    costing = pricing_policy.load_costing(channel, now=now)
    paid_in = Listing.objects.on(channel).values_list("wholesale_currency", flat=True).distinct()
    live = PriceBook.objects.filter(channel=channel, status=PriceBook.Status.LIVE)
    inputs = (
        list(live.values_list("pk", flat=True)),
        sorted(costing.countries),
        sorted((scope, astuple(terms)) for scope, terms in costing.terms.items()),
        [
            (base, costing.rates.get(base), costing.worst_case_rate(base))
            for base in sorted({*paid_in, DUTY_CURRENCY})
        ],
    )
    return hashlib.sha256(repr(inputs).encode()).hexdigest()


def why_stale(*, book: PriceBook, now: datetime) -> str:
    """Return why the dry run of a draft is stale; empty if it is current."""
    if book.dry_run_at is None:
        return "Start a dry run first and check the changes."
    if now - book.dry_run_at > MAX_AGE:
        return f"The dry run is more than {MAX_AGE // timedelta(hours=1)} hours old: {RERUN_HINT}"
    if (book.dry_run_result or {}).get("input_hash") != input_hash(channel=book.channel, now=now):
        return f"Exchange rates, selling costs or the live rules changed after the dry run: {RERUN_HINT}"
    return ""


# Simulation over a channel

MAX_SHOWN_CHANGES = 100
MAX_RULE_CHANGES = 24  # per book: each is a run over the whole channel
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The effect of a book on one listing; ``after`` is the resulting price.

    Shape:  ``outcome``: ``blocked_...``, ``missing_...``, some ``clamped_...`` joined by +, or ""
    Units:  amounts with tax in the channel's currency; margins are fractions before tax
    """

    listing_id: int
    variant_id: int
    before: Decimal | None
    after: Decimal | None
    proposed: Decimal | None
    landed: LandedCost | None
    outcome: str
    is_stopped: bool
    rule_number: int | None
    at: datetime | None = None  # when a timed rule begins or ends; None: on going live

    @property
    def move_rate(self) -> Decimal:
        """The relative price change; 0 without a price before or after."""
        to = self.proposed if self.is_stopped else self.after
        return to / self.before - 1 if to and self.before else ZERO

    def margin_rate(self, price: Decimal | None) -> Decimal | None:
        return self.landed.margin_rate(price) if self.landed and price else None


def rule_change_times(*, book: PriceBook, now: datetime) -> list[datetime]:
    periods = book.rules.values_list("starts_at", "ends_at")
    return sorted({moment for period in periods for moment in period if moment and moment > now})


def simulate(*, book: PriceBook, now: datetime) -> Iterator[Effect]:
    """Yield the effect of a book on each listing of its channel, as if it went live now.

    For each batch of listings, the effects of going live come first. Then come the effects at each
    later time at which a timed rule begins or ends, based on the prices of the previous time.
    Read-only and without locks; at most a thousand listings are in memory. Going live runs the same
    calculation, so both give the same prices as long as the inputs stay the same.
    """
    channel = book.channel
    moments = [
        (at, pricing_policy.load_policy(channel=channel, now=now, book=book, at=at))
        for at in (now, *rule_change_times(book=book, now=now)[:MAX_RULE_CHANGES])
    ]
    last = 0
    while batch := list(repricing.listings_with_inputs(channel).filter(pk__gt=last)[:BATCH]):
        simulated: list[tuple[datetime, dict[int, Decimal]]] = []
        for at, policy in moments:
            day_ago = {
                pk: price
                for moment, replaced in reversed(simulated)
                if moment > at - ONE_DAY
                for pk, price in replaced.items()
            }
            done_all = repricing.recalculate(
                batch, channel=channel, policy=policy, now=now, at=at, day_ago=day_ago
            )
            replaced: dict[int, Decimal] = {}
            for row, done in zip(batch, done_all, strict=True):
                values = price_updates.price_columns(done, listing=row, currency=channel.currency)
                yield _effect(row, done, after=values["price_amount"], at=None if at == now else at)
                if row.price_amount is not None and row.price_amount != values["price_amount"]:
                    replaced[row.pk] = row.price_amount
                # The next point in time starts from these values; the row is never saved.
                row.price_amount, row.rule_id = values["price_amount"], values["rule_id"]
            simulated.append((at, replaced))
        last = batch[-1].pk


def _effect(row: Any, done: Calculation, *, after: Decimal | None, at: datetime | None) -> Effect:
    verdict = done.verdict
    return Effect(
        listing_id=row.pk,
        variant_id=row.variant_id,
        at=at,
        before=row.price_amount,
        after=after,
        proposed=verdict.proposed if verdict else None,
        landed=done.landed,
        outcome=f"missing_{done.missing}"
        if done.missing
        else f"blocked_{verdict.stop}"
        if verdict and verdict.stop
        else "+".join(f"clamped_{clamp}" for clamp in verdict.clamps)
        if verdict
        else "",
        is_stopped=done.is_stopped,
        rule_number=done.rule.number if done.rule else None,
    )


def run(*, book: PriceBook, now: datetime) -> dict[str, Any]:
    """Dry-run a book, store the result on it and return it.

    Nothing is stored if the book changed during the run.
    Shape:  ``later`` has a result for each future time at which a timed rule begins or ends;
            ``omitted_times`` is the number of such times beyond ``MAX_RULE_CHANGES``
    """
    inputs = input_hash(channel=book.channel, now=now)
    moments = rule_change_times(book=book, now=now)
    sums = {at: _Totals() for at in (None, *moments[:MAX_RULE_CHANGES])}
    for effect in simulate(book=book, now=now):
        sums[effect.at].add(effect)
    result = {
        **sums.pop(None).to_json(),
        "later": [{"at": at.isoformat(), **totals.to_json()} for at, totals in sums.items() if at],
        "omitted_times": len(moments[MAX_RULE_CHANGES:]),
        "input_hash": inputs,
    }
    unchanged = PriceBook.objects.filter(pk=book.pk, revision=book.revision, status="draft")
    unchanged.update(dry_run_result=result, dry_run_at=now)
    return result


class _Totals:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.before, self.after = _Margins(), _Margins()
        self.largest: list[tuple[Decimal, int, Effect]] = []

    def add(self, effect: Effect) -> None:
        self.counts["variants"] += 1
        self.counts[_kind(effect)] += 1
        self.counts["off_sale"] += effect.is_stopped and effect.after is None
        self.outcomes.update(filter(None, effect.outcome.split("+")))
        self.before.add(effect, effect.before)
        self.after.add(effect, effect.after)
        if move := abs(effect.move_rate):
            entry = (move, -effect.listing_id, effect)
            if len(self.largest) < MAX_SHOWN_CHANGES:
                heapq.heappush(self.largest, entry)
            else:
                heapq.heappushpop(self.largest, entry)

    def to_json(self) -> dict[str, Any]:
        moves = [effect for *_, effect in sorted(self.largest, reverse=True)]
        return {
            "counts": dict(self.counts),
            "outcomes": dict(self.outcomes),
            "margin_before": self.before.rate(),
            "margin_after": self.after.rate(),
            "largest": [list(row) for row in to_rows(moves)],
        }


HEADINGS = (
    "sku",
    "title",
    "from",
    "to",
    "proposed",
    "move_percent",
    "margin_before_percent",
    "margin_after_percent",
    "rule",
    "outcome",
    "at",
)


def to_rows(effects: list[Effect]) -> Iterator[tuple[str, ...]]:
    """Yield effects as rows of text under ``HEADINGS``, with SKU and title."""
    variants = Variant.objects.filter(pk__in=[effect.variant_id for effect in effects])
    names = {
        pk: (sku, title) for pk, sku, title in variants.values_list("pk", "sku", "product__title")
    }
    for effect in effects:
        after = effect.margin_rate(effect.proposed if effect.is_stopped else effect.after)
        yield (
            *names[effect.variant_id],
            _text(effect.before),
            _text(effect.after),
            _text(effect.proposed),
            _percent(effect.move_rate),
            _percent(effect.margin_rate(effect.before)),
            _percent(after),
            str(effect.rule_number or ""),
            effect.outcome,
            effect.at.isoformat(timespec="minutes") if effect.at else "",
        )


def export_rows(*, book: PriceBook, now: datetime) -> Iterator[tuple[str, ...]]:
    """Yield the whole dry run as rows of text; for later times only the changes."""
    yield HEADINGS
    batch: list[Effect] = []
    for effect in simulate(book=book, now=now):
        if effect.at is None or _kind(effect) != "same":
            batch.append(effect)
        if len(batch) == BATCH:
            yield from to_rows(batch)
            batch = []
    yield from to_rows(batch)


def _kind(effect: Effect) -> str:
    if effect.is_stopped:
        return "stopped"
    if effect.before == effect.after:
        return "same"
    if effect.before is None:
        return "new"
    if effect.after is None:
        return "lost"
    return "up" if effect.after > effect.before else "down"


def _text(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:.2f}"


def _percent(rate: Decimal | None) -> str:
    return "" if rate is None else f"{(rate * 100).quantize(CENT):f}"


class _Margins:
    """Total margin, for one sold unit of each variant."""

    def __init__(self) -> None:
        self.net = self.kept = ZERO

    def add(self, effect: Effect, price: Decimal | None) -> None:
        if effect.landed is None or not price:
            return
        net = price / (1 + effect.landed.terms.tax_rate)
        self.net += net
        self.kept += net * effect.landed.margin_rate(price)

    def rate(self) -> str | None:
        return str((self.kept / self.net).quantize(Decimal("0.0001"))) if self.net else None
