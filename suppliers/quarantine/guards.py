"""Quarantine guards: check the rows, stock, costs, columns and age of a feed. Pure.

A guard returns the violation as a message for staff, or an empty text. On a violation the whole run
is quarantined: nothing of it is applied until staff decide.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median_low
from typing import Final

from suppliers.connectors.bulk import EMPTY_KIND, MIXED_KIND, FileProfile

# Always allowed: in a small catalog a percentage says little.
ALWAYS_ALLOWED = 3
MAX_COST = Decimal(1_000_000)  # per unit
# Clock drift between servers of a supplier.
CLOCK_DRIFT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Quarantine thresholds. Percentages of the known rows."""

    max_missing_percent: int = 20
    max_zeroed_percent: int = 20
    max_surged_percent: int = 20
    surge_factor: int = 10
    max_invalid_percent: int = 50
    max_price_outlier_percent: int = 10
    price_outlier_factor: int = 10
    max_negative_margin_percent: int = 10
    max_duplicate_percent: int = 10
    cost_increase_alert_percent: int = 15
    max_file_age_h: int = 0  # maximum age of the newest row in hours; 0: unlimited
    review_due_h: int = 48


DEFAULT_THRESHOLDS = Thresholds()


@dataclass(frozen=True, slots=True, kw_only=True)
class CostDelta:
    """A changed cost."""

    sku: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CostDeltas:
    """The cost changes of a feed.

    Shape: ``total`` costs are in the feed, ``moved`` of them change, ``jumped`` by the outlier
        factor; ``sample`` holds some of the changes, the largest among them
    """

    total: int
    moved: int
    jumped: int
    sample: Sequence[CostDelta] = ()


def missing_rows_violation(
    *, good: int, bad: int, known: int, still_there: int, limits: Thresholds = DEFAULT_THRESHOLDS
) -> str:
    """Return the violation if too many known items are missing from a list."""
    if good == 0 and bad == 0:
        return f"The list is empty; {known} items are known."
    if reason := invalid_rows_violation(good=good, bad=bad, limits=limits):
        return reason
    lost = known - still_there
    if _exceeds(lost, of=known, percent=limits.max_missing_percent):
        return f"{lost} of {known} known items are missing from the list ({_percent(lost, known)})."
    return ""


def row_count_violation(*, good: int, last: int, limits: Thresholds = DEFAULT_THRESHOLDS) -> str:
    """Return the violation if a list has far fewer rows than the last one; 0: no last one."""
    lost = last - good
    if _exceeds(lost, of=last, percent=limits.max_missing_percent):
        return f"{good} rows; the last accepted run had {last} ({_percent(lost, last)} fewer)."
    return ""


def invalid_rows_violation(*, good: int, bad: int, limits: Thresholds = DEFAULT_THRESHOLDS) -> str:
    read = good + bad
    if _exceeds(bad, of=read, percent=limits.max_invalid_percent):
        return f"{bad} of {read} rows are invalid ({_percent(bad, read)})."
    return ""


def failed_records_violation(
    *, read: int, failed: int, limits: Thresholds = DEFAULT_THRESHOLDS
) -> str:
    """Return the violation if too many records raised unexpected exceptions."""
    if _exceeds(failed, of=read, percent=limits.max_invalid_percent):
        return f"{failed} of {read} products caused an unexpected error ({_percent(failed, read)})."
    return ""


def duplicate_rows_violation(
    *, read: int, twice: int, last_twice: int = 0, limits: Thresholds = DEFAULT_THRESHOLDS
) -> str:
    """Return the violation if too many rows are duplicated, beyond those of the last run."""
    if _exceeds(twice - last_twice, of=read, percent=limits.max_duplicate_percent):
        return f"{twice} of {read} rows are duplicates ({_percent(twice, read)})."
    return ""


def currency_violation(*, expected: str, currencies: Iterable[str]) -> str:
    """Return the violation if most prices are in another currency."""
    codes = list(currencies)
    unexpected = [code for code in codes if code != expected]
    if unexpected and 2 * len(unexpected) > len(codes):
        return f"Prices are in {unexpected[0]}; this supplier's currency is {expected}."
    return ""


def zeroed_stock_violation(
    *, stocked: int, zeroed: int, limits: Thresholds = DEFAULT_THRESHOLDS
) -> str:
    """Return the violation if too many non-zero stock rows became zero or are missing."""
    if _exceeds(zeroed, of=stocked, percent=limits.max_zeroed_percent):
        return (
            f"{zeroed} of {stocked} stock rows drop to zero at once ({_percent(zeroed, stocked)})."
        )
    return ""


def stock_surge_violation(
    *, compared_rows: int, surged: int, limits: Thresholds = DEFAULT_THRESHOLDS
) -> str:
    """Return the violation if many rows surge at once: a sign that the wrong column was read."""
    if _exceeds(surged, of=compared_rows, percent=limits.max_surged_percent):
        return (
            f"{surged} of {compared_rows} stock rows rise to at least {limits.surge_factor} times their"
            f" quantity at once ({_percent(surged, compared_rows)})."
        )
    return ""


def outliers(
    moves: Iterable[CostDelta], *, limits: Thresholds = DEFAULT_THRESHOLDS
) -> list[CostDelta]:
    """Return the outliers: changes like a shifted decimal point or prices in cents."""
    factor = limits.price_outlier_factor
    return [
        move
        for move in moves
        if move.after >= move.before * factor or move.after * factor <= move.before
    ]


def price_outlier_violation(*, moves: CostDeltas, limits: Thresholds = DEFAULT_THRESHOLDS) -> str:
    """Return the violation if too many costs are outliers; a single one only concerns its row."""
    if not _exceeds(moves.jumped, of=moves.total, percent=limits.max_price_outlier_percent):
        return ""
    message = f"{moves.jumped} of {moves.total} costs change by a factor of {limits.price_outlier_factor} or more"
    for example in outliers(moves.sample, limits=limits)[:1]:
        message += f", such as {example.sku}: {example.before} to {example.after}"
    return f"{message}."


def negative_margin_violation(
    *, listed: int, above: int, limits: Thresholds = DEFAULT_THRESHOLDS
) -> str:
    """Return the violation if too many listed variants would cost more than their net price."""
    if _exceeds(above, of=listed, percent=limits.max_negative_margin_percent):
        return (
            f"{above} of {listed} listed variants would cost more than our net price"
            f" ({_percent(above, listed)})."
        )
    return ""


def newest_row_violation(
    *,
    newest: datetime | None,
    last_newest: datetime | None,
    now: datetime,
    limits: Thresholds = DEFAULT_THRESHOLDS,
) -> str:
    """Return the violation if the newest row is older than that of the last file, or too old."""
    if newest is None:
        return ""
    if is_older_than(newest, last_newest):
        return (
            f"The newest row is dated {newest:%Y-%m-%d %H:%M}; the last accepted run had"
            f" {last_newest:%Y-%m-%d %H:%M}: this is an older file."
        )
    if limits.max_file_age_h and now - newest > timedelta(hours=limits.max_file_age_h):
        return f"The newest row is dated {newest:%Y-%m-%d %H:%M}: older than {limits.max_file_age_h} hours."
    return ""


def file_age_violation(*, stated_at: datetime | None, last_stated_at: datetime | None) -> str:
    """Return the violation if server or uploader date the file before the last accepted one."""
    if is_older_than(stated_at, last_stated_at):
        return (
            f"The file is dated {stated_at:%Y-%m-%d %H:%M}; the last accepted run had"
            f" {last_stated_at:%Y-%m-%d %H:%M}: this is an older file."
        )
    return ""


def is_older_than(moment: datetime | None, last: datetime | None) -> bool:
    """Return whether a date is before another by more than clock drift."""
    return moment is not None and last is not None and last - moment > CLOCK_DRIFT


def rolled_back_values_violation(*, run: int, reported: int, repeated: int) -> str:
    """Return the violation if a run repeats most of the values that staff rolled back."""
    if 2 * repeated > reported:
        return f"{repeated} of {reported} values were rolled back before and are reported again (run {run})."
    return ""


def _exceeds(count: int, *, of: int, percent: int) -> bool:
    return count > ALWAYS_ALLOWED and 100 * count > percent * of


def _percent(part: int, total: int) -> str:
    return f"{Decimal(100 * part) / max(1, total):.0f} %"


# Changed columns

# Fields that identify and price a row: another type of value means another column.
CHECKED_FIELDS: Final = ("sku", "parent", "gtin", "title", "cost", "stock")
# Harmless type changes, by field.
HARMLESS_TYPE_CHANGES: Final = frozenset(
    {
        ("cost", "number", "decimal"),
        ("cost", "decimal", "number"),
        ("title", "text", "code"),
        ("title", "code", "text"),
        ("sku", "gtin", "number"),
        ("sku", "number", "gtin"),
        ("parent", "gtin", "number"),
        ("parent", "number", "gtin"),
        ("stock", "number", "text"),
        ("stock", "text", "number"),
        ("stock", "code", "number"),
        ("stock", "number", "code"),
    }
)


def schema_drift_violation(*, before: FileProfile | None, after: FileProfile) -> str:
    """Return the violation if columns differ from the last accepted file; None: no such file."""
    if before is None:
        return ""
    changed = list(_type_changes(before, after))
    missing = [name for name in before.columns if name not in after.columns]
    if not changed and 2 * len(missing) <= len(before.columns):
        return ""
    message = " ".join(changed)
    if missing:
        added = [name for name in after.columns if name not in before.columns]
        message = f"{message} Missing columns: {_first_names(missing)}."
        message += f" New columns: {_first_names(added)}." if added else ""
    return message.strip()


def _type_changes(before: FileProfile, after: FileProfile) -> Iterator[str]:
    for field in CHECKED_FIELDS:
        was, is_now = before.kinds.get(field, EMPTY_KIND), after.kinds.get(field, EMPTY_KIND)
        if was in {EMPTY_KIND, is_now} or (field, was, is_now) in HARMLESS_TYPE_CHANGES:
            continue
        if is_now == EMPTY_KIND:
            yield f"The column of {field} is empty or missing."
        elif MIXED_KIND not in {was, is_now}:
            now_holds = _kind_label(is_now)
            yield f"The column of {field} contained {_kind_label(was)} and now contains {now_holds}."


def _kind_label(kind: str) -> str:
    return {
        "number": "whole numbers",
        "decimal": "decimal numbers",
        "gtin": "barcodes",
        "text": "words",
        "code": "codes",
        "address": "addresses",
    }.get(kind, kind)


def _first_names(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown  # noqa: PLR2004


# Uniform price shifts: cents, a tax, another currency

MIN_SHARED_PERCENT = 80  # of the changes must have the same factor
FACTOR_TOLERANCE = Decimal("0.003")  # relative; a cent is tolerated, too
# Tolerance between the supplier's exchange rate and ours.
EXCHANGE_RATE_TOLERANCE = Decimal("0.025")
# A supplier may raise all prices by this share at once.
MAX_UNIFORM_SHIFT = Decimal("0.10")
ONE = Decimal(1)
SHIFTS = {Decimal(10): "a decimal point", Decimal(100): "cents", Decimal(1000): "thousandths"}
TAXES = [Decimal(f"1.{percent}") for percent in range(17, 28)]


def uniform_shift_violation(moves: CostDeltas, *, rates: Mapping[str, Decimal]) -> str:
    """Return the violation if most costs change by one factor.

    Shape: ``rates`` are values of one unit of the supplier's currency, by currency
    """
    if moves.moved <= ALWAYS_ALLOWED or 2 * moves.moved <= moves.total or not moves.sample:
        return ""
    factor = median_low(move.after / move.before for move in moves.sample)
    shared = sum(_is_changed_by(factor, move) for move in moves.sample)
    if 100 * shared < MIN_SHARED_PERCENT * len(moves.sample):
        return ""
    meaning = next(_explanations(factor, rates), "")
    if not meaning and abs(factor - ONE) <= MAX_UNIFORM_SHIFT:
        return ""
    message = f"{moves.moved} of {moves.total} costs change by the same factor, {factor:.4g}"
    return f"{message}: {meaning}." if meaning else f"{message}."


def _is_changed_by(factor: Decimal, move: CostDelta) -> bool:
    expected = move.before * factor
    # Both costs were rounded to a cent.
    allowed = max(Decimal("0.01") * max(ONE, factor), expected * FACTOR_TOLERANCE)
    return abs(move.after - expected) <= allowed


def _explanations(factor: Decimal, rates: Mapping[str, Decimal]) -> Iterator[str]:
    for shift, label in SHIFTS.items():
        if _is_close(factor, shift):
            yield f"as if {label} were missing" if shift == 10 else f"as if they were in {label}"  # noqa: PLR2004
        if _is_close(factor, ONE / shift):
            yield f"as if {label} were applied twice"
    for tax in TAXES:
        if _is_close(factor, tax):
            yield f"as if a tax of {100 * (tax - 1):.0f} % were added"
        if _is_close(factor, ONE / tax):
            yield f"as if a tax of {100 * (tax - 1):.0f} % were removed"
    for currency, rate in rates.items():
        if abs(rate - ONE) > EXCHANGE_RATE_TOLERANCE and _is_close(
            factor, rate, within=EXCHANGE_RATE_TOLERANCE
        ):
            yield f"as if they were in {currency}"


def _is_close(factor: Decimal, expected: Decimal, *, within: Decimal = FACTOR_TOLERANCE) -> bool:
    return abs(factor - expected) <= expected * within
