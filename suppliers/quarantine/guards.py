"""Quarantine guards: check the rows, stock, costs, columns and age of a feed. Pure.

A guard returns the violation in words for staff, or an empty text. On a violation the whole run
is quarantined: nothing of it is applied until staff decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median_low
from typing import Final

from suppliers.connectors.bulk import EMPTY_KIND, MIXED_KIND, Shape

# Always allowed: in a small catalog a percentage says little.
FEW = 3
MAX_COST = Decimal(1_000_000)  # per unit
# Clock drift between servers of a supplier.
OUT_OF_STEP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Quarantine thresholds. Percentages of the known rows."""

    lost_percent: int = 20
    emptied_percent: int = 20
    soared_percent: int = 20
    soar_factor: int = 10
    bad_percent: int = 50
    jumped_percent: int = 10
    jump_factor: int = 10
    above_price_percent: int = 10
    twice_percent: int = 10
    risen_percent: int = 15
    stale_h: int = 0  # maximum age of the newest row in hours; 0: unlimited
    decide_within_h: int = 48


USUAL = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class CostMove:
    """A changed cost."""

    sku: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """The cost changes of a feed.

    Shape: ``known`` costs are in the feed, ``moved`` of them change, ``jumped`` by the outlier
        factor; ``sample`` holds some of the changes, the largest among them
    """

    known: int
    moved: int
    jumped: int
    sample: Sequence[CostMove] = ()


def list_is_believable(
    *, good: int, bad: int, known: int, still_there: int, limits: Limits = USUAL
) -> str:
    """Return the violation if too many known products are missing from a list."""
    if good == 0 and bad == 0:
        return f"The list is empty; {known} products are known."
    if reason := rows_are_readable(good=good, bad=bad, limits=limits):
        return reason
    lost = known - still_there
    if _is_too_much(lost, of=known, percent=limits.lost_percent):
        return f"{lost} of {known} known products are missing from the list ({_rate(lost, known)})."
    return ""


def count_is_believable(*, good: int, last: int, limits: Limits = USUAL) -> str:
    """Return the violation if a list has far fewer rows than the last one; 0: no last one."""
    lost = last - good
    if _is_too_much(lost, of=last, percent=limits.lost_percent):
        return f"{good} rows; the last accepted run had {last} ({_rate(lost, last)} fewer)."
    return ""


def rows_are_readable(*, good: int, bad: int, limits: Limits = USUAL) -> str:
    read = good + bad
    if _is_too_much(bad, of=read, percent=limits.bad_percent):
        return f"{bad} of {read} rows are invalid ({_rate(bad, read)})."
    return ""


def rows_come_once(*, read: int, twice: int, last_twice: int = 0, limits: Limits = USUAL) -> str:
    """Return the violation if too many rows are duplicated, beyond those of the last run."""
    if _is_too_much(twice - last_twice, of=read, percent=limits.twice_percent):
        return f"{twice} of {read} rows are duplicates ({_rate(twice, read)})."
    return ""


def currency_is_right(*, expected: str, found: Iterable[str]) -> str:
    """Return the violation if most prices are in another currency."""
    codes = list(found)
    strange = [code for code in codes if code != expected]
    if strange and 2 * len(strange) > len(codes):
        return f"Prices are in {strange[0]}; this supplier's currency is {expected}."
    return ""


def stock_is_believable(*, stocked: int, emptied: int, limits: Limits = USUAL) -> str:
    """Return the violation if too many non-zero stock rows became zero or are missing."""
    if _is_too_much(emptied, of=stocked, percent=limits.emptied_percent):
        return (
            f"{emptied} of {stocked} stock rows drop to zero at once ({_rate(emptied, stocked)})."
        )
    return ""


def stock_rise_is_believable(*, told: int, soared: int, limits: Limits = USUAL) -> str:
    """Return the violation if too many non-zero stock rows surge.

    Warehouses are restocked row by row: if most rows surge at once, another column was read.
    """
    if _is_too_much(soared, of=told, percent=limits.soared_percent):
        return (
            f"{soared} of {told} stock rows rise to at least {limits.soar_factor} times their"
            f" quantity at once ({_rate(soared, told)})."
        )
    return ""


def jumps(moves: Iterable[CostMove], *, limits: Limits = USUAL) -> list[CostMove]:
    """Return the outliers: changes like a shifted decimal point or prices in cents."""
    factor = limits.jump_factor
    return [
        move
        for move in moves
        if move.after >= move.before * factor or move.after * factor <= move.before
    ]


def costs_are_believable(*, moves: Moves, limits: Limits = USUAL) -> str:
    """Return the violation if too many costs are outliers; a single one only concerns its row."""
    if not _is_too_much(moves.jumped, of=moves.known, percent=limits.jumped_percent):
        return ""
    words = (
        f"{moves.jumped} of {moves.known} costs change by a factor of {limits.jump_factor} or more"
    )
    for example in jumps(moves.sample, limits=limits)[:1]:
        words += f", such as {example.sku}: {example.before} to {example.after}"
    return f"{words}."


def margins_are_believable(*, listed: int, above: int, limits: Limits = USUAL) -> str:
    """Return the violation if too many listed variants would cost more than their net price."""
    if _is_too_much(above, of=listed, percent=limits.above_price_percent):
        return (
            f"{above} of {listed} listed variants would cost more than our net price"
            f" ({_rate(above, listed)})."
        )
    return ""


def file_is_new(
    *, newest: datetime | None, last_newest: datetime | None, now: datetime, limits: Limits = USUAL
) -> str:
    """Return the violation if the newest row is older than that of the last file, or too old."""
    if newest is None:
        return ""
    if went_back(newest, last_newest):
        return (
            f"The newest row is dated {newest:%Y-%m-%d %H:%M}; the last accepted run had"
            f" {last_newest:%Y-%m-%d %H:%M}: this is an older file."
        )
    if limits.stale_h and now - newest > timedelta(hours=limits.stale_h):
        return (
            f"The newest row is dated {newest:%Y-%m-%d %H:%M}: older than {limits.stale_h} hours."
        )
    return ""


def file_is_written_later(*, said_at: datetime | None, last_said_at: datetime | None) -> str:
    """Return the violation if the file is older than the last one by its server or uploader."""
    if went_back(said_at, last_said_at):
        return (
            f"The file is dated {said_at:%Y-%m-%d %H:%M}; the last accepted run had"
            f" {last_said_at:%Y-%m-%d %H:%M}: this is an older file."
        )
    return ""


def went_back(moment: datetime | None, last: datetime | None) -> bool:
    """Return whether a date is before another by more than clock drift."""
    return moment is not None and last is not None and last - moment > OUT_OF_STEP


def stays_undone(*, run: int, told: int, again: int) -> str:
    """Return the violation if most values return that staff rolled back."""
    if 2 * again > told:
        return (
            f"{again} of {told} values were rolled back before and are reported again (run {run})."
        )
    return ""


def _is_too_much(lost: int, *, of: int, percent: int) -> bool:
    return lost > FEW and 100 * lost > percent * of


def _rate(part: int, whole: int) -> str:
    return f"{Decimal(100 * part) / max(1, whole):.0f} %"


# Changed columns

# Fields that identify and price a row: another type of value means another column.
KEYS: Final = ("sku", "parent", "gtin", "title", "cost", "stock")
# Harmless type changes, by field.
HARMLESS: Final = frozenset(
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


def shape_is_known(*, before: Shape | None, now: Shape) -> str:
    """Return the violation if columns differ from the last accepted file; None: no such file."""
    if before is None:
        return ""
    changed = list(_changed(before, now))
    missing = [name for name in before.columns if name not in now.columns]
    if not changed and 2 * len(missing) <= len(before.columns):
        return ""
    words = " ".join(changed)
    if missing:
        strange = [name for name in now.columns if name not in before.columns]
        words = f"{words} Missing columns: {_listed(missing)}."
        words += f" New columns: {_listed(strange)}." if strange else ""
    return words.strip()


def _changed(before: Shape, now: Shape) -> Iterator[str]:
    for field in KEYS:
        was, is_now = before.kinds.get(field, EMPTY_KIND), now.kinds.get(field, EMPTY_KIND)
        if was in {EMPTY_KIND, is_now} or (field, was, is_now) in HARMLESS:
            continue
        if is_now == EMPTY_KIND:
            yield f"The column of {field} is empty or missing."
        elif MIXED_KIND not in {was, is_now}:
            now_holds = _words(is_now)
            yield f"The column of {field} contained {_words(was)} and now contains {now_holds}."


def _words(kind: str) -> str:
    return {
        "number": "whole numbers",
        "decimal": "decimal numbers",
        "gtin": "barcodes",
        "text": "words",
        "code": "codes",
        "address": "addresses",
    }.get(kind, kind)


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown  # noqa: PLR2004


# Uniform price shifts: cents, a tax, another currency

# Share of the changes that must have one factor, and the tolerance of each besides a cent.
SHARED_PERCENT = 80
SAME = Decimal("0.003")
# Tolerance between the supplier's exchange rate and ours.
SAME_RATE = Decimal("0.025")
# A supplier may raise all prices by this share at once.
MOST_TOGETHER = Decimal("0.10")
ONE = Decimal(1)
SHIFTS = {Decimal(10): "a decimal point", Decimal(100): "cents", Decimal(1000): "thousandths"}
TAXES = [Decimal(f"1.{percent}") for percent in range(17, 28)]


def slip(moves: Moves, *, rates: Mapping[str, Decimal]) -> str:
    """Return the violation if most costs change by one factor.

    Shape: ``rates`` are values of one unit of the supplier's currency, by currency
    """
    if moves.moved <= FEW or 2 * moves.moved <= moves.known or not moves.sample:
        return ""
    factor = median_low(move.after / move.before for move in moves.sample)
    shared = sum(_is_moved_by(factor, move) for move in moves.sample)
    if 100 * shared < SHARED_PERCENT * len(moves.sample):
        return ""
    meaning = next(_meanings(factor, rates), "")
    if not meaning and abs(factor - ONE) <= MOST_TOGETHER:
        return ""
    words = f"{moves.moved} of {moves.known} costs change by the same factor, {factor:.4g}"
    return f"{words}: {meaning}." if meaning else f"{words}."


def _is_moved_by(factor: Decimal, move: CostMove) -> bool:
    wanted = move.before * factor
    # Both costs were rounded to a cent.
    allowed = max(Decimal("0.01") * max(ONE, factor), wanted * SAME)
    return abs(move.after - wanted) <= allowed


def _meanings(factor: Decimal, rates: Mapping[str, Decimal]) -> Iterator[str]:
    for shift, words in SHIFTS.items():
        if _is(factor, shift):
            yield f"as if {words} were missing" if shift == 10 else f"as if they were in {words}"  # noqa: PLR2004
        if _is(factor, ONE / shift):
            yield f"as if {words} were applied twice"
    for tax in TAXES:
        if _is(factor, tax):
            yield f"as if a tax of {100 * (tax - 1):.0f} % were added"
        if _is(factor, ONE / tax):
            yield f"as if a tax of {100 * (tax - 1):.0f} % were removed"
    for currency, rate in rates.items():
        if abs(rate - ONE) > SAME_RATE and _is(factor, rate, within=SAME_RATE):
            yield f"as if they were in {currency}"


def _is(factor: Decimal, named: Decimal, *, within: Decimal = SAME) -> bool:
    return abs(factor - named) <= named * within
