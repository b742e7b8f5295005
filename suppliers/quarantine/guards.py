"""Quarantine guards: judge the rows, stock, costs, columns and age of a feed. Pure.

A guard returns the reason to reject a feed, in words for staff, or an empty text. A rejected run is
quarantined whole: nothing of it is applied until staff decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median_low
from typing import Final

from suppliers.connectors.bulk import EMPTY_KIND, MIXED_KIND, Shape

# In a small catalog a share says little: so many rows may always go.
FEW = 3
MAX_COST = Decimal(1_000_000)  # of one unit
# His servers' clocks may differ by so much.
OUT_OF_STEP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a feed may do at once before we ask a person. Percentages of what we know."""

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
    stale_h: int = 0  # hours after which the newest row is too old; 0 never asks
    decide_within_h: int = 48


USUAL = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class CostMove:
    """A cost that changed."""

    sku: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """How the costs in a feed move against those that we know.

    Shape:  ``known`` are the costs in the feed, ``moved`` those of them that change, ``jumped``
            those that change by the factor of the limits; ``sample`` are some of the changes,
            the widest ones among them
    """

    known: int
    moved: int
    jumped: int
    sample: Sequence[CostMove] = ()


def list_is_believable(
    *, good: int, bad: int, known: int, still_there: int, limits: Limits = USUAL
) -> str:
    """Judge a product list against the products we know."""
    if good == 0 and bad == 0:
        return f"The list is empty; we know {known} products."
    if reason := rows_are_readable(good=good, bad=bad, limits=limits):
        return reason
    lost = known - still_there
    if _is_too_much(lost, of=known, percent=limits.lost_percent):
        return f"{lost} of {known} known products are missing from the list ({_rate(lost, known)})."
    return ""


def count_is_believable(*, good: int, last: int, limits: Limits = USUAL) -> str:
    """Judge how many rows can be used against those of the last good run; 0 is no such run."""
    lost = last - good
    if _is_too_much(lost, of=last, percent=limits.lost_percent):
        return f"{good} rows; the last good run had {last} ({_rate(lost, last)} fewer)."
    return ""


def rows_are_readable(*, good: int, bad: int, limits: Limits = USUAL) -> str:
    read = good + bad
    if _is_too_much(bad, of=read, percent=limits.bad_percent):
        return f"{bad} of {read} rows cannot be used ({_rate(bad, read)})."
    return ""


def rows_come_once(*, read: int, twice: int, last_twice: int = 0, limits: Limits = USUAL) -> str:
    """Judge the rows that are told more than once; what the last good run had too is a habit."""
    if _is_too_much(twice - last_twice, of=read, percent=limits.twice_percent):
        return f"{twice} of {read} rows are told twice ({_rate(twice, read)})."
    return ""


def currency_is_right(*, expected: str, found: Iterable[str]) -> str:
    """Judge the currencies of a feed's prices; a single stray one is a matter of its row."""
    codes = list(found)
    strange = [code for code in codes if code != expected]
    if strange and 2 * len(strange) > len(codes):
        return f"Prices are in {strange[0]}; this supplier's currency is {expected}."
    return ""


def stock_is_believable(*, stocked: int, emptied: int, limits: Limits = USUAL) -> str:
    """Judge the stock rows that had units: how many have none now, or were left out."""
    if _is_too_much(emptied, of=stocked, percent=limits.emptied_percent):
        return (
            f"{emptied} of {stocked} stock rows fall to zero at once ({_rate(emptied, stocked)})."
        )
    return ""


def stock_rise_is_believable(*, told: int, soared: int, limits: Limits = USUAL) -> str:
    """Judge the told stock rows that had units: how many have so many times as much now.

    A warehouse is filled up row by row; where most soar at once, another column was read.
    """
    if _is_too_much(soared, of=told, percent=limits.soared_percent):
        return (
            f"{soared} of {told} stock rows rise to {limits.soar_factor} times as much or more at"
            f" once ({_rate(soared, told)})."
        )
    return ""


def jumps(moves: Iterable[CostMove], *, limits: Limits = USUAL) -> list[CostMove]:
    """Return the moves that look like a slipped decimal point or a price in cents."""
    factor = limits.jump_factor
    return [
        move
        for move in moves
        if move.after >= move.before * factor or move.after * factor <= move.before
    ]


def costs_are_believable(*, moves: Moves, limits: Limits = USUAL) -> str:
    """Judge how many costs jump; a single one is a matter of its row."""
    if not _is_too_much(moves.jumped, of=moves.known, percent=limits.jumped_percent):
        return ""
    words = (
        f"{moves.jumped} of {moves.known} costs move by a factor of {limits.jump_factor} or more"
    )
    for example in jumps(moves.sample, limits=limits)[:1]:
        words += f", such as {example.sku}: {example.before} to {example.after}"
    return f"{words}."


def margins_are_believable(*, listed: int, above: int, limits: Limits = USUAL) -> str:
    """Judge how many listed variants would cost us more than we ask for them, without tax."""
    if _is_too_much(above, of=listed, percent=limits.above_price_percent):
        return (
            f"{above} of {listed} listed variants would cost more than our own price"
            f" ({_rate(above, listed)})."
        )
    return ""


def file_is_new(
    *, newest: datetime | None, last_newest: datetime | None, now: datetime, limits: Limits = USUAL
) -> str:
    """Judge a file by its newest row: older than that of the last good run, or simply old."""
    if newest is None:
        return ""
    if went_back(newest, last_newest):
        return (
            f"The newest row is of {newest:%Y-%m-%d %H:%M}; the last good run had one of"
            f" {last_newest:%Y-%m-%d %H:%M}: this is an older file."
        )
    if limits.stale_h and now - newest > timedelta(hours=limits.stale_h):
        return f"The newest row is of {newest:%Y-%m-%d %H:%M}: older than {limits.stale_h} hours."
    return ""


def file_is_written_later(*, said_at: datetime | None, last_said_at: datetime | None) -> str:
    """Judge a file by what his server, or who handed it in, says of its age."""
    if went_back(said_at, last_said_at):
        return (
            f"The file is of {said_at:%Y-%m-%d %H:%M}; the last good run had one of"
            f" {last_said_at:%Y-%m-%d %H:%M}: this is an older file."
        )
    return ""


def went_back(moment: datetime | None, last: datetime | None) -> bool:
    """Test whether a file is dated before another one, by more than two clocks may differ."""
    return moment is not None and last is not None and last - moment > OUT_OF_STEP


def stays_undone(*, run: int, told: int, again: int) -> str:
    """Judge values that staff rolled back: how many of those that are told come back."""
    if 2 * again > told:
        return f"{again} of {told} values come back that were rolled back (run {run})."
    return ""


def _is_too_much(lost: int, *, of: int, percent: int) -> bool:
    return lost > FEW and 100 * lost > percent * of


def _rate(part: int, whole: int) -> str:
    return f"{Decimal(100 * part) / max(1, whole):.0f} %"


# Columns that changed

# The fields by which a row is known and sold: another kind of value there is another column.
KEYS: Final = ("sku", "parent", "gtin", "title", "cost", "stock")
# A kind that may become another one without anything being wrong, by field; "" is any field.
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
    """Judge the columns of a file against those of the last good one; None is no such file."""
    if before is None:
        return ""
    changed = list(_changed(before, now))
    missing = [name for name in before.columns if name not in now.columns]
    if not changed and 2 * len(missing) <= len(before.columns):
        return ""
    words = " ".join(changed)
    if missing:
        strange = [name for name in now.columns if name not in before.columns]
        words = f"{words} Columns are missing: {_listed(missing)}."
        words += f" Others are new: {_listed(strange)}." if strange else ""
    return words.strip()


def _changed(before: Shape, now: Shape) -> Iterator[str]:
    for field in KEYS:
        was, is_now = before.kinds.get(field, EMPTY_KIND), now.kinds.get(field, EMPTY_KIND)
        if was in {EMPTY_KIND, is_now} or (field, was, is_now) in HARMLESS:
            continue
        if is_now == EMPTY_KIND:
            yield f"The column of {field} is empty or gone."
        elif MIXED_KIND not in {was, is_now}:
            yield f"The column of {field} held {_words(was)}, and holds {_words(is_now)} now."


def _words(kind: str) -> str:
    return {
        "number": "whole numbers",
        "decimal": "decimal numbers",
        "gtin": "bar codes",
        "text": "words",
        "code": "codes",
        "address": "addresses",
    }.get(kind, kind)


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown  # noqa: PLR2004


# Costs that moved together: cents, a tax, another currency

# So many of the moves have to share one factor, each within a cent or this.
SHARED_PERCENT = 80
SAME = Decimal("0.003")
# His bank's rate is not ours.
SAME_RATE = Decimal("0.025")
# A supplier may raise all that he sells by as much on one day.
MOST_TOGETHER = Decimal("0.10")
ONE = Decimal(1)
SHIFTS = {Decimal(10): "a decimal point", Decimal(100): "cents", Decimal(1000): "thousandths"}
TAXES = [Decimal(f"1.{percent}") for percent in range(17, 28)]


def slip(moves: Moves, *, rates: Mapping[str, Decimal]) -> str:
    """Return the reason not to believe costs most of which moved by one factor, or nothing.

    Shape:  ``rates`` are what one unit of the supplier's money is worth, by currency
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
    words = f"{moves.moved} of {moves.known} costs move by the same factor, {factor:.4g}"
    return f"{words}: {meaning}." if meaning else f"{words}."


def _is_moved_by(factor: Decimal, move: CostMove) -> bool:
    wanted = move.before * factor
    # Both were rounded to a cent before the factor was taken.
    allowed = max(Decimal("0.01") * max(ONE, factor), wanted * SAME)
    return abs(move.after - wanted) <= allowed


def _meanings(factor: Decimal, rates: Mapping[str, Decimal]) -> Iterator[str]:
    for shift, words in SHIFTS.items():
        if _is(factor, shift):
            yield f"as if {words} had been lost" if shift == 10 else f"as if they were in {words}"  # noqa: PLR2004
        if _is(factor, ONE / shift):
            yield f"as if {words} had been taken twice"
    for tax in TAXES:
        if _is(factor, tax):
            yield f"as if a tax of {100 * (tax - 1):.0f} % had been added"
        if _is(factor, ONE / tax):
            yield f"as if a tax of {100 * (tax - 1):.0f} % had been taken out"
    for currency, rate in rates.items():
        if abs(rate - ONE) > SAME_RATE and _is(factor, rate, within=SAME_RATE):
            yield f"as if they were in {currency}"


def _is(factor: Decimal, named: Decimal, *, within: Decimal = SAME) -> bool:
    return abs(factor - named) <= named * within
