"""Scorecards: record facts about suppliers, roll them up into one number per measure and day.

Note [Observed data only]: a scorecard is computed from records of our own operation, not from
what a supplier states about itself. These are ``ScorecardFact`` (purchase orders and parcels,
recorded by ``shipping.supplier_performance``), ``SyncRun``, ``CostChange`` and ``LatencyBucket``.
They are not changed later, so a repeated roll-up gives the same numbers.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from storefront.lib.state_machine import StatusChange
from suppliers.models import (
    CostChange,
    LatencyBucket,
    Scorecard,
    ScorecardFact,
    Supplier,
    SupplierOffer,
    SyncRun,
)
from suppliers.scorecards import statistics
from suppliers.scorecards.statistics import Score

Kind = ScorecardFact.Kind
Measure = Scorecard.Measure

WINDOW = timedelta(days=30)
A_DAY = timedelta(days=1)
AN_HOUR = timedelta(hours=1)
BATCH = 1_000
RATES = {Measure.FILL_RATE: Kind.FILLED, Measure.STOCK_ACCURACY: Kind.PROMISED}
LOSS_RATES = {Measure.CANCELLATION_RATE: Kind.FINISHED, Measure.RETURN_RATE: Kind.ARRIVED}
DURATIONS = {Measure.ACKNOWLEDGE_TIME: Kind.ACKNOWLEDGED, Measure.FIRST_SCAN_TIME: Kind.SCANNED}
ENDED = (
    SyncRun.Status.APPLIED,
    SyncRun.Status.FAILED,
    SyncRun.Status.QUARANTINED,
    SyncRun.Status.DISCARDED,
    SyncRun.Status.ROLLED_BACK,
)


def record(facts: Sequence[ScorecardFact]) -> None:
    """Store facts; known ones are skipped."""
    ScorecardFact.objects.bulk_create(facts, ignore_conflicts=True, batch_size=BATCH)


def record_cost_counts(*, now: datetime) -> None:
    """Record the number of known costs of each active supplier, once a day."""
    for supplier in Supplier.objects.filter(status=Supplier.Status.ACTIVE).order_by("pk"):
        known = SupplierOffer.objects.filter(supplier=supplier, cost_amount__isnull=False)
        count = known.exclude(status=SupplierOffer.Status.DISCONTINUED).count()
        if not count:
            continue
        record(
            [
                ScorecardFact(
                    supplier=supplier,
                    kind=Kind.COSTS_KNOWN,
                    subject=f"day:{now.date()}",
                    value=count,
                    happened_at=now,
                )
            ]
        )


def roll_up(*, supplier: Supplier, first: date, now: datetime) -> int:
    """Write the measures of every day from ``first`` to today; return how many."""
    observations = _Observations(supplier, first=first, now=now)
    days = [first + A_DAY * n for n in range((now.date() - first).days + 1)]
    cards = [
        Scorecard(supplier=supplier, measure=measure, on=day, **asdict(score))
        for day in days
        for measure, score in observations.measured(day)
    ]
    Scorecard.objects.bulk_create(
        cards,
        update_conflicts=True,
        unique_fields=["supplier", "measure", "on"],
        update_fields=["sample", "good", "value", "low", "high", "tail"],
        batch_size=BATCH,
    )
    return len(cards)


def fill_rate_scores(*, on: date) -> dict[int, int]:
    """Return the lower bound of each supplier's 30-day fill rate in percent, if known."""
    newest = (
        Scorecard.objects.filter(
            measure=Scorecard.Measure.FILL_RATE, on__gt=on - WINDOW, on__lte=on
        )
        .order_by("supplier", "-on")
        .distinct("supplier")
    )
    return {card.supplier_id: int(100 * card.low) for card in newest if card.low is not None}


def store_stock_accuracy(*, supplier: Supplier) -> None:
    """Copy the stock accuracy to the supplier, for ``freshness``."""
    latest = Scorecard.objects.filter(
        supplier=supplier, measure=Scorecard.Measure.STOCK_ACCURACY
    ).order_by("-on")
    card = latest.first()
    is_known = card is not None and card.sample >= statistics.MIN_PROMISES
    Supplier.objects.filter(pk=supplier.pk).update(
        stock_accuracy=card.value if card is not None and is_known else None
    )


@dataclass(slots=True)
class _Series:
    moments: list[datetime] = field(default_factory=list)
    values: list[Decimal] = field(default_factory=list)

    def add(self, moment: datetime, value: Decimal) -> None:
        self.moments.append(moment)
        self.values.append(value)

    def between(self, begin: datetime, end: datetime) -> list[Decimal]:
        return self.values[bisect_left(self.moments, begin) : bisect_left(self.moments, end)]


class _Observations:
    """All records about one supplier for the windows of some days, read once."""

    def __init__(self, supplier: Supplier, *, first: date, now: datetime) -> None:
        self._supplier = supplier
        self._now = now
        self._since = _midnight_utc(first) + A_DAY - WINDOW
        self._facts: dict[str, _Series] = defaultdict(_Series)
        rows = ScorecardFact.objects.filter(supplier=supplier, happened_at__gte=self._since)
        for kind, at, value in rows.order_by("happened_at", "pk").values_list(
            "kind", "happened_at", "value"
        ):
            self._facts[kind].add(at, value)
        self._read_runs()
        changed = CostChange.objects.filter(
            offer__supplier=supplier, at__gte=self._since, old_amount__isnull=False
        )
        self._cost_changes = list(changed.order_by("at").values_list("at", "offer_id"))
        buckets = LatencyBucket.objects.filter(supplier=supplier, on__gte=self._since.date())
        self._latency_counts = list(buckets.values_list("on", "le_ms", "count"))
        self._awake = _active_periods(supplier)

    def _read_runs(self) -> None:
        """Read run outcomes, and stock confirmations since the last one before the window."""
        self._ended = _Series()
        runs = SyncRun.objects.filter(supplier=self._supplier, ended_at__isnull=False)
        recent = runs.filter(ended_at__gte=self._since, status__in=ENDED)
        for at, status in recent.order_by("ended_at").values_list("ended_at", "status"):
            if at is not None:
                self._ended.add(at, Decimal(status == SyncRun.Status.APPLIED))
        stock = runs.filter(kind=SyncRun.Kind.STOCK, status=SyncRun.Status.APPLIED)
        before = stock.filter(ended_at__lt=self._since).order_by("-ended_at")
        later = stock.filter(ended_at__gte=self._since).order_by("ended_at")
        self._stocked = [
            *before.values_list("started_at", flat=True)[:1],
            *later.values_list("started_at", flat=True),
        ]
        self._stocked.sort()

    def measured(self, day: date) -> Iterator[tuple[str, Score]]:
        """Yield each measure of the 30 days that end with this one, if it has a sample."""
        end = _midnight_utc(day) + A_DAY
        begin = end - WINDOW
        for measure, score in self._scores(begin, end):
            if score is not None:
                yield measure, score

    def _scores(self, begin: datetime, end: datetime) -> Iterator[tuple[str, Score | None]]:
        for measure, kind in RATES.items():
            yield measure, _share_of(self._facts[kind].between(begin, end))
        for measure, kind in LOSS_RATES.items():
            yield measure, _share_of([1 - value for value in self._facts[kind].between(begin, end)])
        for measure, kind in DURATIONS.items():
            yield measure, statistics.duration_score(self._facts[kind].between(begin, end))
        yield Measure.FEED_SUCCESS, _share_of(self._ended.between(begin, end))
        yield Measure.STOCK_AGE, statistics.duration_score(list(self._stock_ages(begin, end)))
        yield Measure.COST_STABILITY, self._cost_stability(begin, end)
        counts: Counter[int] = Counter()
        for on, le_ms, count in self._latency_counts:
            if begin.date() <= on < end.date():
                counts[le_ms] += count
        yield Measure.ANSWER_TIME, statistics.latency_score(counts)
        answered = counts.total() - counts[statistics.NO_ANSWER_MS]
        yield Measure.ANSWERED, statistics.rate_score(answered, counts.total())

    def _stock_ages(self, begin: datetime, end: datetime) -> Iterator[Decimal]:
        """Yield the age of the stock at each hour in which the supplier was active."""
        hour = begin
        while hour < min(end, self._now):
            hour += AN_HOUR
            index = bisect_right(self._stocked, hour)
            if index and hour <= self._now and any(a <= hour < b for a, b in self._awake):
                yield Decimal((hour - self._stocked[index - 1]) // timedelta(seconds=1))

    def _cost_stability(self, begin: datetime, end: datetime) -> Score | None:
        known = self._facts[Kind.COSTS_KNOWN].between(begin, end)
        if not known:
            return None
        moved = {offer_id for at, offer_id in self._cost_changes if begin <= at < end}
        count = int(known[-1])
        return statistics.rate_score(max(0, count - len(moved)), count)


def _share_of(values: Sequence[Decimal]) -> Score | None:
    return statistics.rate_score(int(sum(values, Decimal(0))), len(values))


def _midnight_utc(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _active_periods(supplier: Supplier) -> list[tuple[datetime, datetime]]:
    """Return the periods in which the supplier was active, from its status history."""
    moves = StatusChange.objects.filter(
        subject=Supplier._meta.label,  # noqa: SLF001 - Django's documented model API
        subject_id=supplier.pk,
        status_field="status",
    )
    always = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    spans: list[tuple[datetime, datetime]] = []
    since: datetime | None = None
    is_traced = False
    for at, came_from, went_to in moves.order_by("pk").values_list(
        "at", "from_status", "to_status"
    ):
        if went_to == Supplier.Status.ACTIVE:
            since = at
        elif came_from == Supplier.Status.ACTIVE:
            spans.append((since or always[0], at))
            since = None
        is_traced = True
    if since is not None or (not is_traced and supplier.status == Supplier.Status.ACTIVE):
        spans.append((since or always[0], always[1]))
    return spans
